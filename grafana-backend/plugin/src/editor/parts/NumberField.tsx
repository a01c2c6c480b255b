import React from 'react';

import { wholeNumber } from '../../number';
import { Field } from './Row';
import { TextInput } from './TextInput';

interface NumberFieldProps {
  label: string;
  value?: number;
  min: number;
  max: number;
  /** What the backend takes if the field is empty. */
  usual: number;
  onChange: (value?: number) => void;
}

/** A whole number within its limits, taken when the field is left or by Enter; empty is the usual one. */
export function NumberField({ label, value, min, max, usual, onChange }: NumberFieldProps) {
  return (
    <Field label={label}>
      <TextInput
        label={label}
        inputMode="numeric"
        width={10}
        placeholder={String(usual)}
        value={value === undefined ? '' : String(value)}
        wrong={(text) =>
          text !== '' && wholeNumber(text, min, max) === undefined
            ? `A whole number from ${min.toLocaleString('en')} to ${max.toLocaleString('en')}`
            : undefined
        }
        onChange={(text) => onChange(wholeNumber(text, min, max))}
      />
    </Field>
  );
}
