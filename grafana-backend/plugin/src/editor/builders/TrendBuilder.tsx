import { Button, IconButton } from '@grafana/ui';
import React from 'react';

import { MEASURES as NAMES } from '../../names/measures';
import { QueryOf } from '../../query';
import { FIELDS } from '../../query/fields';
import { Formula, Measure, TrendResult, TrendSeries } from '../../query/generated';
import { CompareField } from '../parts/CompareField';
import { FewChoices, ManyChoices } from '../parts/Choice';
import { EventFilterFields } from '../parts/EventFilterFields';
import { NumberField } from '../parts/NumberField';
import { IntervalField } from '../parts/IntervalField';
import { FieldPicker } from '../parts/Pickers';
import { Field, Row, Section } from '../parts/Row';
import { BuilderProps } from './props';
import { Toggle } from '../parts/Toggle';

/** One series, or two with a formula. */
export function TrendBuilder({ query, onChange }: BuilderProps<QueryOf<'trend'>>) {
  const series: TrendSeries[] = query.series?.length ? query.series : [{}];
  const replace = (at: number, by: TrendSeries) =>
    onChange({ series: series.map((each, other) => (other === at ? by : each)) });
  const result = query.result || 'over_time';
  return (
    <>
      <Section
        title="Series"
        actions={
          series.length < 2 && (
            <Button
              size="sm"
              variant="secondary"
              fill="text"
              icon="plus"
              onClick={() => onChange({ series: [...series, {}], formula: 'A/B' })}
            >
              Second series
            </Button>
          )
        }
      >
        {series.map((each, at) => (
          <Row key={at}>
            <strong>{'AB'[at]}</strong>
            <ManyChoices
              label={`Series ${'AB'[at]}: measure`}
              width={22}
              value={each.measure ?? 'count'}
              options={MEASURES}
              onChange={(measure) => replace(at, { ...each, measure })}
            />
            <EventFilterFields label={`Series ${'AB'[at]}`} value={each} onChange={(changed) => replace(at, changed)} />
            {at > 0 && (
              <IconButton
                name="trash-alt"
                tooltip="Remove the second series"
                onClick={() => onChange({ series: [series[0]], formula: undefined })}
              />
            )}
          </Row>
        ))}
        {series.length === 2 && (
          <Field label="Formula">
            <FewChoices
              label="Formula"
              value={query.formula ?? 'A/B'}
              options={FORMULAS}
              onChange={(formula) => onChange({ formula })}
            />
          </Field>
        )}
      </Section>
      <Row>
        <Field label="Show">
          <FewChoices label="Result" value={result} options={RESULTS} onChange={(result) => onChange({ result })} />
        </Field>
        {result === 'over_time' && <IntervalField label="Per" query={query} onChange={onChange} />}
        <Field label="Split by">
          <FieldPicker
            label="Breakdown"
            placeholder="none"
            width={20}
            value={query.breakdown?.dimension}
            onChange={(dimension) => onChange({ breakdown: dimension ? { ...query.breakdown, dimension } : undefined })}
          />
        </Field>
        {query.breakdown?.dimension && (
          <NumberField
            label="Values"
            value={query.breakdown.limit}
            field={FIELDS.trend.breakdown.fields.limit}
            onChange={(limit) => onChange({ breakdown: { ...query.breakdown!, limit } })}
          />
        )}
        <CompareField query={query} onChange={onChange} />
        <Toggle
          label="Cumulative"
          tooltip="For counts and revenue"
          value={query.cumulative}
          onChange={(value) => onChange({ cumulative: value })}
        />
      </Row>
    </>
  );
}

const MEASURES = (Object.keys(NAMES) as Measure[]).map((value) => ({ value, label: NAMES[value] }));
const FORMULAS = (['A/B', 'A-B', 'A+B', 'A*B'] satisfies Formula[]).map((value) => ({
  value,
  label: value.split('').join(' '),
}));
const RESULTS: Array<{ value: TrendResult; label: string }> = [
  { value: 'over_time', label: 'Over time' },
  { value: 'total', label: 'Total' },
];
