import { Button } from '@grafana/ui';
import React from 'react';

import { QueryOf } from '../../query';
import { FIELDS } from '../../query/fields';
import { Exclusion, FunnelBreakdown, FunnelResult, FunnelStep } from '../../query/generated';
import { AndField } from '../parts/AndField';
import { CompareField } from '../parts/CompareField';
import { ACTORS, FewChoices, ManyChoices } from '../parts/Choice';
import { DurationInput } from '../parts/DurationInput';
import { EventFilterFields, shown } from '../parts/EventFilterFields';
import { NumberField } from '../parts/NumberField';
import { IntervalField } from '../parts/IntervalField';
import { FieldPicker } from '../parts/Pickers';
import { Field, Row, Section } from '../parts/Row';
import { BuilderProps } from './props';
import { StepList } from './StepList';
import { Toggle } from '../parts/Toggle';

/** The steps in order, then the rules, then the result. */
export function FunnelBuilder({ query, onChange }: BuilderProps<QueryOf<'funnel'>>) {
  const steps = query.steps ?? [];
  return (
    <>
      <StepList steps={steps} order={query.order ?? 'ordered'} onChange={(steps) => onChange({ steps })} />
      <Rules query={query} onChange={onChange} />
      <Exclusions
        exclusions={query.exclusions ?? []}
        steps={steps}
        hasSteps={query.order !== 'any'}
        onChange={(exclusions) => onChange({ exclusions })}
      />
      <Shown query={query} steps={steps} onChange={onChange} />
    </>
  );
}

function Rules({ query, onChange }: BuilderProps<QueryOf<'funnel'>>) {
  return (
    <Row>
      <Field label="Order">
        <FewChoices
          label="Step order"
          value={query.order ?? 'ordered'}
          options={ORDERS}
          onChange={(order) => onChange({ order })}
        />
      </Field>
      <Field
        label="Within"
        tooltip="Conversion window, from the first step to the last. Conversions after the panel's time range count too."
      >
        <DurationInput
          label="Conversion window"
          valueMs={query.conversionWindowMs}
          placeholder="7d"
          onChange={(conversionWindowMs) => onChange({ conversionWindowMs })}
        />
      </Field>
      <Field label="By">
        <FewChoices
          label="Count by"
          value={query.by ?? 'visitor'}
          options={ACTORS}
          onChange={(by) => onChange({ by })}
        />
      </Field>
      <Field
        label="Hold constant"
        tooltip="All events of a conversion must have the same value, such as the same product"
      >
        <FieldPicker
          label="Hold constant"
          placeholder="none"
          width={20}
          value={query.hold}
          onChange={(hold) => onChange({ hold })}
        />
      </Field>
      {query.order !== 'any' && (
        <Toggle
          label="Open"
          tooltip="Visitors may enter at any step"
          value={query.open}
          onChange={(value) => onChange({ open: value })}
        />
      )}
    </Row>
  );
}

function Exclusions({ exclusions, steps, hasSteps, onChange }: ExclusionsProps) {
  const replace = (at: number, exclusion?: Exclusion) => {
    const changed = [...exclusions];
    changed.splice(at, 1, ...(exclusion ? [exclusion] : []));
    onChange(changed);
  };
  const names = stepNames(steps);
  const add = (
    <Button
      size="sm"
      variant="secondary"
      fill="text"
      icon="plus"
      onClick={() => onChange([...exclusions, { event: '' }])}
    >
      Exclusion
    </Button>
  );
  if (exclusions.length === 0) {
    return <Row>{add}</Row>;
  }
  return (
    <Section title="Exclusions" actions={add}>
      {exclusions.map((exclusion, at) => (
        <Row key={at}>
          <EventFilterFields
            label={`Exclusion ${at + 1}`}
            value={exclusion}
            onChange={(changed) => replace(at, changed)}
          />
          {hasSteps && (
            <>
              <Field label="After step">
                <ManyChoices
                  label={`Exclusion ${at + 1}: after step`}
                  width={18}
                  value={String(exclusion.afterStep ?? 1)}
                  options={names.slice(0, -1)}
                  onChange={(step) => replace(at, { ...exclusion, afterStep: Number(step) })}
                />
              </Field>
              <Field label="Before step">
                <ManyChoices
                  label={`Exclusion ${at + 1}: before step`}
                  width={18}
                  value={String(exclusion.beforeStep ?? steps.length)}
                  options={names.slice(1)}
                  onChange={(step) => replace(at, { ...exclusion, beforeStep: Number(step) })}
                />
              </Field>
            </>
          )}
          <Field
            label="Then"
            tooltip="Where it happens, the conversion ends at the step before, or is not counted at all"
          >
            <FewChoices
              label={`Exclusion ${at + 1}: effect`}
              value={exclusion.removes ? 'removes' : 'ends'}
              options={EFFECTS}
              onChange={(effect) => replace(at, { ...exclusion, removes: effect === 'removes' || undefined })}
            />
          </Field>
          <Button
            size="sm"
            variant="secondary"
            fill="text"
            icon="trash-alt"
            aria-label={`Remove exclusion ${at + 1}`}
            onClick={() => replace(at)}
          />
        </Row>
      ))}
    </Section>
  );
}

interface ExclusionsProps {
  exclusions: Exclusion[];
  steps: FunnelStep[];
  /** Whether it lies between two chosen steps. */
  hasSteps: boolean;
  onChange: (exclusions: Exclusion[]) => void;
}

function Shown({ query, steps, onChange }: BuilderProps<QueryOf<'funnel'>> & { steps: FunnelStep[] }) {
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

function BreakdownFields({ breakdown, names, onChange }: BreakdownProps) {
  const attribution = breakdown?.attribution ?? 'first';
  return (
    <>
      <Field label="Split by">
        <FieldPicker
          label="Breakdown"
          placeholder="none"
          width={20}
          value={breakdown?.dimension}
          onChange={(dimension) => onChange(dimension ? { ...breakdown, dimension } : undefined)}
        />
      </Field>
      {breakdown?.dimension && (
        <>
          <AndField and={breakdown.and} onChange={(and) => onChange({ ...breakdown, and })} />
          <Field label="Value at">
            <ManyChoices
              label="Attribution"
              width={16}
              value={attribution}
              options={ATTRIBUTIONS}
              onChange={(attribution) =>
                onChange({ ...breakdown, attribution, step: attribution === 'step' ? 1 : undefined })
              }
            />
          </Field>
          {attribution === 'step' && (
            <ManyChoices
              label="Attribution step"
              width={20}
              value={String(breakdown.step ?? 1)}
              options={names}
              onChange={(step) => onChange({ ...breakdown, step: Number(step) })}
            />
          )}
          <NumberField
            label="Values"
            value={breakdown.limit}
            field={FIELDS.funnel.breakdown.fields.limit}
            onChange={(limit) => onChange({ ...breakdown, limit })}
          />
        </>
      )}
    </>
  );
}

interface BreakdownProps {
  breakdown?: FunnelBreakdown;
  names: Array<{ value: string; label: string }>;
  onChange: (breakdown?: FunnelBreakdown) => void;
}

/** Options for choosing a step, counted from 1. */
const stepNames = (steps: FunnelStep[]) =>
  steps.map((step, at) => ({
    value: String(at + 1),
    label: `${at + 1} ${step.name || shown(step.event) || shown(step.path)}`.trim(),
  }));

const ORDERS = [
  { value: 'ordered' as const, label: 'Ordered', description: 'In this order, other events allowed in between' },
  { value: 'strict' as const, label: 'Strict', description: 'In this order, with no other events in between' },
  { value: 'any' as const, label: 'Any', description: 'In any order' },
];
const RESULTS: Array<{ value: FunnelResult; label: string }> = [
  { value: 'steps', label: 'Steps' },
  { value: 'trend', label: 'Over time' },
  { value: 'histogram', label: 'Time to convert' },
  { value: 'actors', label: 'People' },
];
const EFFECTS = [
  { value: 'ends' as const, label: 'ends it' },
  { value: 'removes' as const, label: 'removes it' },
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
const ATTRIBUTIONS = [
  { value: 'first' as const, label: 'the first step' },
  { value: 'first_set' as const, label: 'the first with a value' },
  { value: 'last' as const, label: 'the last step' },
  { value: 'step' as const, label: 'a step' },
  { value: 'all' as const, label: 'every step' },
];
