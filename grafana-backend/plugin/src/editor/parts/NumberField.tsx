import React from 'react';

import { wholeNumber } from '../../number';
import { IntegerField } from '../../query/fields';
import { Field } from './Row';
import { TextInput } from './TextInput';

interface NumberFieldProps {
  label: string;
  value?: number;
  field: IntegerField;
  onChange: (value?: number) => void;
}

/** A whole number within its limits, taken when the field is left or by Enter; empty is what the backend takes then. */
export function NumberField({ label, value, field: { min, max, ...field }, onChange }: NumberFieldProps) {
  return (
    <Field label={label}>
      <TextInput
        label={label}
        inputMode="numeric"
        width={10}
        placeholder={String(field.default)}
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
