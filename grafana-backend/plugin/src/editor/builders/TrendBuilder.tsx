import { Button, IconButton } from '@grafana/ui';
import React from 'react';

import { MEASURES as NAMES } from '../../names/measures';
import { QueryOf } from '../../query';
import { FIELDS } from '../../query/fields';
import { Measure, TrendResult, TrendSeries } from '../../query/generated';
import { PROPERTY_MEASURES } from '../../query/trend';
import { AndField } from '../parts/AndField';
import { CompareField } from '../parts/CompareField';
import { FewChoices, ManyChoices } from '../parts/Choice';
import { EventFilterFields } from '../parts/EventFilterFields';
import { NumberField } from '../parts/NumberField';
import { IntervalField } from '../parts/IntervalField';
import { FieldPicker } from '../parts/Pickers';
import { Field, Row, Section } from '../parts/Row';
import { TextInput } from '../parts/TextInput';
import { BuilderProps } from './props';
import { Toggle } from '../parts/Toggle';

/** One series, or several with a formula. */
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
          series.length < SERIES_MAX && (
            <Button
              size="sm"
              variant="secondary"
              fill="text"
              icon="plus"
              onClick={() => onChange({ series: [...series, {}], formula: query.formula || 'A / B' })}
            >
              Series
            </Button>
          )
        }
      >
        {series.map((each, at) => (
          <Row key={at}>
            <strong>{LETTERS[at]}</strong>
            <ManyChoices
              label={`Series ${LETTERS[at]}: measure`}
              width={22}
              value={each.measure ?? 'count'}
              options={MEASURES}
              onChange={(measure) => replace(at, { ...each, measure })}
            />
            {PROPERTY_MEASURES.includes(each.measure ?? 'count') && (
              <Field label="of">
                <FieldPicker
                  label={`Series ${LETTERS[at]}: property`}
                  width={20}
                  value={each.property}
                  onChange={(property) => replace(at, { ...each, property })}
                />
              </Field>
            )}
            <EventFilterFields
              label={`Series ${LETTERS[at]}`}
              value={each}
              onChange={(changed) => replace(at, { ...changed, measure: each.measure, property: each.property })}
            />
            {at > 0 && (
              <IconButton
                name="trash-alt"
                tooltip={`Remove series ${LETTERS[at]}`}
                onClick={() => onChange(without(query, series, at))}
              />
            )}
          </Row>
        ))}
        {series.length > 1 && (
          <Field label="Formula" tooltip="Letters of series, numbers, + - * / and brackets: 100 * A / (A + B)">
            <TextInput
              label="Formula"
              width={32}
              placeholder="A / B"
              value={query.formula ?? 'A / B'}
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
          <AndField
            and={query.breakdown.and}
            onChange={(and) => onChange({ breakdown: { ...query.breakdown!, and } })}
          />
        )}
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
          tooltip="For counts and sums"
          value={query.cumulative}
          onChange={(value) => onChange({ cumulative: value })}
        />
        {result === 'over_time' && (
          <NumberField
            label="Trailing buckets"
            value={query.trailing}
            field={FIELDS.trend.trailing}
            onChange={(trailing) => onChange({ trailing })}
          />
        )}
      </Row>
    </>
  );
}

const MEASURES = (Object.keys(NAMES) as Measure[]).map((value) => ({ value, label: NAMES[value] }));
const LETTERS = 'ABCDEFGHIJ';
const SERIES_MAX = LETTERS.length;

/** The query without one of its series; one alone has no formula. */
const without = (query: QueryOf<'trend'>, series: TrendSeries[], at: number) => {
  const rest = series.filter((_, other) => other !== at);
  return { series: rest, formula: rest.length > 1 ? query.formula : undefined };
};

const RESULTS: Array<{ value: TrendResult; label: string }> = [
  { value: 'over_time', label: 'Over time' },
  { value: 'total', label: 'Total' },
];
