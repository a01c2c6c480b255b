import React from 'react';

import { Interval } from '../../query/generated';
import { INTERVALS, ManyChoices } from './Choice';
import { Field } from './Row';

interface IntervalFieldProps {
  label: string;
  query: { interval?: Interval };
  onChange: (change: { interval: Interval }) => void;
}

/** The bucket size of a result over time. */
export function IntervalField({ label, query, onChange }: IntervalFieldProps) {
  return (
    <Field label={label}>
      <ManyChoices
        label="Interval"
        width={14}
        value={query.interval ?? 'auto'}
        options={INTERVALS}
        onChange={(interval) => onChange({ interval })}
      />
    </Field>
  );
}
