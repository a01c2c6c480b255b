import React from 'react';

import { QueryOf } from '../../../query';
import { ActorField } from '../../parts/ActorField';
import { FewChoices } from '../../parts/Choice';
import { DurationInput } from '../../parts/DurationInput';
import { FieldPicker } from '../../parts/Pickers';
import { Field, Row } from '../../parts/Row';
import { Toggle } from '../../parts/Toggle';
import { BuilderProps } from '../props';

/** What makes a conversion of events. */
export function Rules({ query, onChange }: BuilderProps<QueryOf<'funnel'>>) {
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
      <ActorField by={query.by} onChange={(by) => onChange({ by })} />
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

const ORDERS = [
  { value: 'ordered' as const, label: 'Ordered', description: 'In this order, other events allowed in between' },
  { value: 'strict' as const, label: 'Strict', description: 'In this order, with no other events in between' },
  { value: 'any' as const, label: 'Any', description: 'In any order' },
];
