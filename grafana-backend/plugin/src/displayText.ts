import { cohortText, isCohortLeaf } from './cohort';
import { didText, isDid } from './did';
import { FootfallQuery, kindOf } from './query';
import { EventFilter, PersonFilter } from './query/generated';
import { isTree } from './filters';
import { columnName } from './names/columns';
import { seriesName } from './names/measures';

/** A query in one line, for Explore's history, alert rules and panels that list their queries. */
export function displayText(query: FootfallQuery): string {
  if (query.queryType === 'sql') {
    return query.rawSql?.replace(/\s+/g, ' ').trim() ?? '';
  }
  const parts = [kindOf(query)?.picker?.label ?? query.queryType, details(query), whereText(query.filter)];
  const project = query.project ? ` (${query.project})` : '';
  return parts.filter(Boolean).join(': ') + project;
}

function details(query: FootfallQuery): string {
  switch (query.queryType) {
    case 'funnel':
      return (query.steps ?? []).map((step) => step?.name || eventText(step ?? {})).join(' → ');
    case 'trend': {
      const series = (query.series ?? []).map(seriesName).join('; ');
      return by(series, query.breakdown?.dimension);
    }
    case 'sessions':
      return query.result === 'by' ? by('', query.dimension) : (query.result ?? 'totals').replaceAll('_', ' ');
    case 'retention':
      return [query.start, query.returns].map((of) => eventText(of ?? {})).join(' → ');
    case 'paths':
      return [query.direction, eventText(query.anchor ?? {})].filter(Boolean).join(' from ');
    case 'attribution':
      return by(eventText(query.conversion ?? {}), query.dimension ?? 'session:channel');
    case 'events':
    case 'annotations':
      return query.visitor || query.userId || query.sessionId || eventText(query);
    case 'cohorts':
      return [query.cohort ?? []].flat().join(', ');
    case 'lifecycle':
    case 'stickiness':
    case 'spikes':
      return eventText(query);
    default:
      return '';
  }
}

const by = (of: string, dimension?: string) =>
  [of, dimension && `by ${columnName(dimension)}`].filter(Boolean).join(' ');

const eventText = ({ event, path }: Pick<EventFilter, 'event' | 'path'>) =>
  [event, path]
    .flatMap((names) => [names ?? []].flat().join(', '))
    .filter(Boolean)
    .join(' ') || 'any event';

function whereText(filter?: PersonFilter): string {
  if (!filter || !isTree(filter)) {
    return '';
  }
  if (isCohortLeaf(filter)) {
    return cohortText(filter);
  }
  if ('all' in filter) {
    return filter.all.map(whereText).filter(Boolean).join(' and ');
  }
  if ('any' in filter) {
    const any = filter.any.map(whereText).filter(Boolean);
    return any.length > 1 ? `(${any.join(' or ')})` : any.join('');
  }
  if ('not' in filter) {
    const inner = whereText(filter.not);
    return inner && `not (${inner})`;
  }
  if (isDid(filter)) {
    return didText(filter.did, eventText);
  }
  return [columnName(filter.field), filter.op || '=', filter.values?.join(', ') ?? filter.value]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');
}
