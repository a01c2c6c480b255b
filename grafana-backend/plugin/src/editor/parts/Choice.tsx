import { Combobox, RadioButtonGroup } from '@grafana/ui';
import React from 'react';

import { Actor, Interval, Period } from '../../query/generated';

interface ChoiceProps<T extends string> {
  id?: string;
  label: string;
  value: T;
  options: Array<{ value: T; label: string; description?: string }>;
  onChange: (value: T) => void;
}

/** One of a few options, all visible. */
export function FewChoices<T extends string>({ id, label, value, options, onChange }: ChoiceProps<T>) {
  return <RadioButtonGroup<T> id={id} aria-label={label} value={value} options={options} onChange={onChange} />;
}

/** One of many options, in a drop-down. */
export function ManyChoices<T extends string>({
  id,
  label,
  value,
  options,
  onChange,
  width = 20,
}: ChoiceProps<T> & { width?: number }) {
  return (
    <Combobox<T>
      id={id}
      aria-label={label}
      value={value}
      options={options}
      onChange={(option) => onChange(option.value)}
      width={width}
    />
  );
}

const named = <T extends string>(value: T) => ({ value, label: value });

export const INTERVALS = (['auto', 'minute', 'hour', 'day', 'week', 'month', 'quarter'] satisfies Interval[]).map(
  named<Interval>
);
export const PERIODS = (['hour', 'day', 'week', 'month', 'quarter'] satisfies Period[]).map(named<Period>);

export const ACTORS: Array<{ value: Actor; label: string; description?: string }> = [
  { value: 'visitor', label: 'visitor' },
  { value: 'user', label: 'user', description: 'Ignores events without a user id' },
  { value: 'session', label: 'session', description: 'Ignores events without a session id' },
];
