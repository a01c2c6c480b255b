import React from 'react';

import { QueryOf } from '../../../query';
import { FIELDS } from '../../../query/fields';
import { FunnelResult, FunnelStep } from '../../../query/generated';
import { FewChoices, ManyChoices } from '../../parts/Choice';
import { CompareField } from '../../parts/CompareField';
import { IntervalField } from '../../parts/IntervalField';
import { NumberField } from '../../parts/NumberField';
import { Field, Row } from '../../parts/Row';
import { Toggle } from '../../parts/Toggle';
import { BuilderProps } from '../props';
import { BreakdownFields } from './BreakdownFields';
import { stepNames } from './steps';

/** What is shown of the conversions. */
export function Shown({ query, steps, onChange }: BuilderProps<QueryOf<'funnel'>> & { steps: FunnelStep[] }) {
  const result = query.result || 'steps';
  const names = stepNames(steps);
  return (
    <Row>
      <Field label="Show">
        <FewChoices label="Result" value={result} options={RESULTS} onChange={(result) => onChange({ result })} />
      </Field>
      {result === 'trend' && <IntervalField label="Entries per" query={query} onChange={onChange} />}
      {result === 'actors' && (
        <>
          <Field label="Step">
            <ManyChoices
              label="Step for the list"
              width={22}
              value={String(query.step ?? FIELDS.funnel.step.default)}
              options={names}
              onChange={(step) => onChange({ step: Number(step) })}
            />
          </Field>
          <Field label="Who">
            <FewChoices
              label="Outcome"
              value={query.outcome ?? 'converted'}
              options={OUTCOMES}
              onChange={(outcome) => onChange({ outcome })}
            />
          </Field>
          <NumberField
            label="Limit"
            value={query.limit}
            field={FIELDS.funnel.limit}
            onChange={(limit) => onChange({ limit })}
          />
        </>
      )}
      {(result === 'trend' || result === 'histogram') && (
        <>
          <Field label="From">
            <ManyChoices
              label="From step"
              width={20}
              value={String(query.fromStep ?? '')}
              options={[{ value: '', label: 'the entry' }, ...names.slice(0, -1)]}
              onChange={(step) => onChange({ fromStep: step ? Number(step) : undefined })}
            />
          </Field>
          <Field label="To">
            <ManyChoices
              label="To step"
              width={20}
              value={String(query.toStep ?? '')}
              options={[{ value: '', label: 'the last step' }, ...names.slice(1)]}
              onChange={(step) => onChange({ toStep: step ? Number(step) : undefined })}
            />
          </Field>
        </>
      )}
      {result !== 'actors' && (
        <Field
          label="Count"
          tooltip="People have one conversion each, in a trend one per bucket of entry; or every conversion counts"
        >
          <ManyChoices
            label="Count"
            width={22}
            value={query.counting ?? 'actors'}
            options={result === 'trend' ? COUNTINGS : COUNTINGS.filter(({ value }) => value !== 'actors_of_range')}
            onChange={(counting) => onChange({ counting: counting === 'actors' ? undefined : counting })}
          />
        </Field>
      )}
      {result === 'steps' && (
        <Toggle
          label="Never entered"
          tooltip="Adds how many were active in the time range, but did not enter"
          value={query.neverEntered}
          onChange={(value) => onChange({ neverEntered: value || undefined })}
        />
      )}
      {result !== 'actors' && <CompareField query={query} onChange={onChange} />}
      {(result === 'steps' || result === 'trend') && (
        <BreakdownFields breakdown={query.breakdown} names={names} onChange={(breakdown) => onChange({ breakdown })} />
      )}
    </Row>
  );
}

const RESULTS: Array<{ value: FunnelResult; label: string }> = [
  { value: 'steps', label: 'Steps' },
  { value: 'trend', label: 'Over time' },
  { value: 'histogram', label: 'Time to convert' },
  { value: 'actors', label: 'People' },
];
const COUNTINGS = [
  { value: 'actors' as const, label: 'People' },
  { value: 'actors_of_range' as const, label: 'People, once in the range' },
  { value: 'conversions' as const, label: 'Conversions' },
];
const OUTCOMES = [
  { value: 'converted' as const, label: 'completed it' },
  { value: 'dropped' as const, label: 'dropped off before' },
];
