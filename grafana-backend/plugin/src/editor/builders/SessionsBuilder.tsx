import { MultiCombobox } from '@grafana/ui';
import React from 'react';

import { FIELDS } from '../../query/fields';
import { SessionsQuery } from '../../query/sessions';
import { CompareField } from '../parts/CompareField';
import { FewChoices } from '../parts/Choice';
import { NumberField } from '../parts/NumberField';
import { IntervalField } from '../parts/IntervalField';
import { FieldPicker } from '../parts/Pickers';
import { Field, Row } from '../parts/Row';
import { BuilderProps } from './props';

/** Totals, over time, by a dimension, or the sessions themselves. */
export function SessionsBuilder({ query, onChange }: BuilderProps<SessionsQuery>) {
  const result = query.result || 'totals';
  return (
    <Row>
      <Field label="Show">
        <FewChoices label="Result" value={result} options={RESULTS} onChange={(result) => onChange({ result })} />
      </Field>
      {result === 'over_time' && <IntervalField label="Per" query={query} onChange={onChange} />}
      {result === 'by' && (
        <Field label="Dimension" tooltip="The value at the session's first event; exit_path is that of its last">
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
        <Field label="Numbers" tooltip="Columns of the answer; median and p90 are of the durations">
          <MultiCombobox
            aria-label="Numbers"
            options={MEASURES}
            value={query.measures ?? (query.quantiles ? MEASURES.map(({ value }) => value) : [])}
            placeholder="all but median and p90"
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

const RESULTS = [
  { value: 'totals', label: 'Totals' },
  { value: 'over_time', label: 'Over time' },
  { value: 'by', label: 'By dimension' },
  { value: 'list', label: 'List' },
];

/** The columns that sessions have, as the backend names them. */
const MEASURES = [
  { value: 'sessions', label: 'sessions' },
  { value: 'visitors', label: 'visitors' },
  { value: 'events', label: 'events' },
  { value: 'page_views', label: 'page views' },
  { value: 'avg_duration_s', label: 'mean duration' },
  { value: 'median_duration_s', label: 'median duration' },
  { value: 'p90_duration_s', label: '90th percentile' },
  { value: 'pages_per_session', label: 'pages a session' },
  { value: 'bounce_rate', label: 'bounce rate' },
];
