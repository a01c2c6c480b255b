import { MultiCombobox } from '@grafana/ui';
import React from 'react';

import { columnName } from '../../names/columns';
import { QueryOf } from '../../query';
import { FIELDS } from '../../query/fields';
import { SessionMeasure, SessionsResult } from '../../query/generated';
import { CompareField } from '../parts/CompareField';
import { FewChoices } from '../parts/Choice';
import { NumberField } from '../parts/NumberField';
import { IntervalField } from '../parts/IntervalField';
import { FieldPicker } from '../parts/Pickers';
import { Field, Row } from '../parts/Row';
import { BuilderProps } from './props';

/** Totals, over time, by dimension, or a list of sessions. */
export function SessionsBuilder({ query, onChange }: BuilderProps<QueryOf<'sessions'>>) {
  const result = query.result || 'totals';
  return (
    <Row>
      <Field label="Show">
        <FewChoices label="Result" value={result} options={RESULTS} onChange={(result) => onChange({ result })} />
      </Field>
      {result === 'over_time' && <IntervalField label="Per" query={query} onChange={onChange} />}
      {result === 'by' && (
        <Field label="Dimension" tooltip="From the session's first event; the exit page is from its last">
          <FieldPicker label="Dimension" value={query.dimension} onChange={(dimension) => onChange({ dimension })} />
        </Field>
      )}
      {(result === 'by' || result === 'list') && (
        <NumberField
          label="Rows"
          value={query.limit}
          field={FIELDS.sessions.limit}
          onChange={(limit) => onChange({ limit })}
        />
      )}
      {result !== 'list' && (
        <Field label="Metrics" tooltip="Columns of the result; each has a scale of its own on a graph">
          <MultiCombobox
            aria-label="Metrics"
            options={MEASURES}
            value={query.measures ?? (query.quantiles ? MEASURES.map(({ value }) => value) : [])}
            placeholder="all but percentiles of the duration"
            onChange={(chosen) =>
              onChange({
                measures: chosen.length > 0 ? chosen.map(({ value }) => value) : undefined,
                quantiles: undefined,
              })
            }
            width={48}
          />
        </Field>
      )}
      {result !== 'list' && <CompareField query={query} onChange={onChange} />}
    </Row>
  );
}

const RESULTS: Array<{ value: SessionsResult; label: string }> = [
  { value: 'totals', label: 'Totals' },
  { value: 'over_time', label: 'Over time' },
  { value: 'by', label: 'By dimension' },
  { value: 'list', label: 'List' },
];

/** Columns of the result, by the backend's names. */
const MEASURES = (
  [
    'sessions',
    'visitors',
    'events',
    'page_views',
    'avg_duration_s',
    'median_duration_s',
    'p90_duration_s',
    'pages_per_session',
    'bounce_rate',
  ] satisfies SessionMeasure[]
).map((value) => ({ value, label: columnName(value) }));
