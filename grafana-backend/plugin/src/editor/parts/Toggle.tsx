import { InlineSwitch } from '@grafana/ui';
import React from 'react';

import { Field } from './Row';

interface ToggleProps {
  label: string;
  tooltip?: string;
  value?: boolean;
  onChange: (value: boolean) => void;
}

/** A labelled switch. */
export function Toggle({ label, tooltip, value, onChange }: ToggleProps) {
  return (
    <Field label={label} tooltip={tooltip}>
      <InlineSwitch
        aria-label={label}
        value={value ?? false}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    </Field>
  );
}
