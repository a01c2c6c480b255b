import type { DataFrame, Field, FieldType } from '@grafana/data';

import { FootfallQuery, QueryOf } from '../query';
import { columnName, entryColumn, isDimension } from './columns';
import { comparisonName, seriesName } from './measures';

/**
 * Names the columns of a result for people; what a panel's own settings call them comes first. The columns of SQL have
 * the names that their statement gives them.
 */
export function nameColumns(frames: DataFrame[], queries: FootfallQuery[]): void {
  for (const frame of frames) {
    const query = queries.find(({ refId }) => refId === frame.refId) ?? (queries.length === 1 ? queries[0] : undefined);
    if (query && query.queryType !== 'sql' && !isMarks(query) && !isGraph(frame)) {
      // A stream goes on with the same fields, so they are changed in place.
      frame.fields.forEach((field) => {
        const displayNameFromDS = nameOf(field, query);
        // Tables and Explore then offer to filter by a value of events, which what a session began with is not.
        const isOfEvents = isDimension(field.name) && !isOfEntry(field.name, query);
        const filterable = isOfEvents && field.type === STRING ? true : undefined;
        field.config = { ...field.config, displayNameFromDS, filterable };
      });
    }
  }
}

const STRING = 'string' as FieldType;

/** Grafana finds the columns of annotations by their names, */
const isMarks = ({ queryType }: FootfallQuery) => queryType === 'annotations' || queryType === 'spikes';
/** and so does its node graph. */
const isGraph = ({ meta }: DataFrame) => meta?.preferredVisualisationType === 'nodeGraph';

/** A column's name; undefined leaves it to Grafana, which names a series by its labels. */
export function nameOf({ name, labels }: Pick<Field, 'name' | 'labels'>, query: FootfallQuery): string | undefined {
  const compare = 'compare' in query ? query.compare : undefined;
  const [label] = Object.values(labels ?? {});
  if (label !== undefined) {
    return name === 'previous' ? `${label}, ${comparisonName(compare)}` : undefined;
  }
  if (query.queryType === 'trend' && (name === 'value' || name === 'previous')) {
    const value = valueName(query);
    return name === 'value' ? value : `${value}, ${comparisonName(compare)}`;
  }
  if (name.startsWith('previous_')) {
    return `${columnName(name.slice('previous_'.length))}, ${comparisonName(compare)}`;
  }
  if (name.startsWith('change_')) {
    return `${columnName(name.slice('change_'.length))}, change`;
  }
  if (query.queryType === 'retention' && name === 'rate') {
    return 'Retention';
  }
  return columnName(isOfEntry(name, query) ? entryColumn(name) : name);
}

/** Whether the result is split by what sessions began with; its column is called as that of events. */
const isOfEntry = (name: string, query: FootfallQuery) =>
  ('breakdown' in query && query.breakdown?.dimension === entryColumn(name)) ||
  (query.queryType === 'attribution' && (query.dimension ?? 'session:channel') === entryColumn(name));

function valueName({ series = [], formula }: QueryOf<'trend'>): string {
  return series.length > 1 ? (formula ?? 'A / B') : seriesName(series[0] ?? {});
}
