import React from 'react';

import { FieldPicker } from './Pickers';
import { Field } from './Row';

interface AndFieldProps {
  and?: string[];
  onChange: (and?: string[]) => void;
}

/** A second dimension of a breakdown; further ones, which queries can have, are kept. */
export function AndField({ and = [], onChange }: AndFieldProps) {
  const [first, ...others] = and;
  const change = (dimension: string) => {
    const chosen = dimension ? [dimension, ...others] : others;
    onChange(chosen.length > 0 ? chosen : undefined);
  };
  return (
    <Field label="And by" tooltip="Each combination of values is one">
      <FieldPicker label="Second breakdown" placeholder="none" width={20} value={first} onChange={change} />
    </Field>
  );
}
