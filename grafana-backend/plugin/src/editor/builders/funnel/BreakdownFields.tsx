import React from 'react';

import { FIELDS } from '../../../query/fields';
import { FunnelBreakdown } from '../../../query/generated';
import { AndField } from '../../parts/AndField';
import { ManyChoices } from '../../parts/Choice';
import { NumberField } from '../../parts/NumberField';
import { FieldPicker } from '../../parts/Pickers';
import { Field } from '../../parts/Row';

/** By what the actors are split, and which event of theirs says it. */
export function BreakdownFields({ breakdown, names, onChange }: BreakdownProps) {
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

const ATTRIBUTIONS = [
  { value: 'first' as const, label: 'the first step' },
  { value: 'first_set' as const, label: 'the first with a value' },
  { value: 'last' as const, label: 'the last step' },
  { value: 'step' as const, label: 'a step' },
  { value: 'all' as const, label: 'every step' },
];
