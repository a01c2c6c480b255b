import { Combobox } from '@grafana/ui';
import React from 'react';

import { meantValue } from '../../options';
import { Compare } from '../../query/common';
import { Field } from './Row';

interface CompareFieldProps {
  query: { compare?: Compare };
  onChange: (changed: { compare?: Compare }) => void;
}

/** The earlier range whose numbers stand beside; a dashboard's variable can be typed. */
export function CompareField({ query: { compare }, onChange }: CompareFieldProps) {
  const value = compare === true ? 'before' : compare || 'none';
  return (
    <Field label="Compare" tooltip="With an earlier range, bucket by bucket; a variable such as $compare can be typed">
      <Combobox<string>
        aria-label="Compare"
        options={COMPARISONS}
        value={COMPARISONS.find((option) => option.value === value) ?? { value, label: value }}
        onChange={(option) => {
          const meant = meantValue(COMPARISONS, option.value);
          onChange({ compare: meant === 'none' ? undefined : meant });
        }}
        createCustomValue
        width={24}
      />
    </Field>
  );
}

const COMPARISONS = [
  { value: 'none', label: 'Nothing' },
  { value: 'before', label: 'The range before' },
  { value: 'week', label: 'A week before' },
  { value: '4_weeks', label: '4 weeks before' },
  { value: '52_weeks', label: '52 weeks before' },
];
