import React from 'react';

import { integerWithin } from '../../number';
import { IntegerField } from '../../query/fields';
import { Field } from './Row';
import { TextInput } from './TextInput';

interface NumberFieldProps {
  label: string;
  value?: number;
  field: IntegerField;
  onChange: (value?: number) => void;
}

/** An integer within limits, applied on blur or Enter; when empty, the backend's default applies. */
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
          text !== '' && integerWithin(text, min, max) === undefined
            ? `An integer from ${min.toLocaleString('en')} to ${max.toLocaleString('en')}`
            : undefined
        }
        onChange={(text) => onChange(integerWithin(text, min, max))}
      />
    </Field>
  );
}
