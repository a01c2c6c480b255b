import { Combobox } from '@grafana/ui';
import React from 'react';

import { meantValue } from '../../options';
import { ScopedQuery } from '../../query/common';
import { Field } from './Row';

interface TrafficFieldProps {
  value: ScopedQuery['traffic'];
  onChange: (value: ScopedQuery['traffic']) => void;
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
          onChange(meant === 'everything' ? undefined : meant);
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
