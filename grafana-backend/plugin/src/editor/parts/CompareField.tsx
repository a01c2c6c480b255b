import { Combobox } from '@grafana/ui';
import React from 'react';

import { meantValue } from '../../options';
import { COMPARISONS as NAMES } from '../../names/measures';
import { StoredCompare } from '../../query/stored';
import { Field } from './Row';

interface CompareFieldProps {
  query: { compare?: StoredCompare };
  onChange: (changed: { compare?: StoredCompare }) => void;
}

/** The earlier range to compare with; accepts a dashboard variable. */
export function CompareField({ query: { compare }, onChange }: CompareFieldProps) {
  const value = compare === true ? 'before' : compare || 'none';
  return (
    <Field
      label="Compare"
      tooltip="Compare with an earlier range, bucket by bucket. You can enter a variable such as $compare."
    >
      <Combobox<string>
        aria-label="Compare"
        options={COMPARISONS}
        value={COMPARISONS.find((option) => option.value === value) ?? { value, label: value }}
        onChange={(option) => {
          const meant = meantValue(COMPARISONS, option.value);
          // Whatever else is typed, the backend names as unknown.
          onChange({ compare: meant === 'none' ? undefined : (meant as StoredCompare) });
        }}
        createCustomValue
        width={24}
      />
    </Field>
  );
}

const COMPARISONS = [
  { value: 'none', label: 'None' },
  ...Object.entries(NAMES).map(([value, label]) => ({ value, label })),
];
