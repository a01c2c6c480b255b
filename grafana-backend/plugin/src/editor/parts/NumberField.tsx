import { Input } from '@grafana/ui';
import React from 'react';

import { Field } from './Row';

interface NumberFieldProps {
  label: string;
  value: number;
  min: number;
  max: number;
  /** Undefined if the field is emptied: the backend's default counts then. */
  onChange: (value?: number) => void;
}

/** A whole number with its limits. */
export function NumberField({ label, value, min, max, onChange }: NumberFieldProps) {
  return (
    <Field label={label}>
      <Input
        type="number"
        width={10}
        min={min}
        max={max}
        value={value}
        onChange={(event) => onChange(event.currentTarget.valueAsNumber || undefined)}
      />
    </Field>
  );
}
