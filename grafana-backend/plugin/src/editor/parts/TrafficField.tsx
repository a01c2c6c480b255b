import { Combobox } from '@grafana/ui';
import React from 'react';

import { meantValue } from '../../options';
import { Traffic, Variable } from '../../query/stored';
import { Field } from './Row';

interface TrafficFieldProps {
  value?: Traffic | Variable;
  onChange: (value?: Traffic | Variable) => void;
}

/** Whose events count, since bots are stored too. Accepts a dashboard variable. */
export function TrafficField({ value, onChange }: TrafficFieldProps) {
  const chosen = value || 'everything';
  return (
    <Field
      label="Traffic"
      tooltip="Include everything, only people, or only bots. You can enter a variable such as $traffic."
    >
      <Combobox<string>
        aria-label="Traffic"
        options={TRAFFIC}
        value={TRAFFIC.find((option) => option.value === chosen) ?? { value: chosen, label: chosen }}
        onChange={(option) => {
          const meant = meantValue(TRAFFIC, option.value);
          // Whatever else is typed is named as unknown when the query is sent.
          onChange(meant === 'everything' ? undefined : (meant as Traffic | Variable));
        }}
        createCustomValue
        width={20}
      />
    </Field>
  );
}

const TRAFFIC = [
  { value: 'everything', label: 'Everything' },
  { value: 'people', label: 'People' },
  { value: 'bots', label: 'Bots only' },
];
