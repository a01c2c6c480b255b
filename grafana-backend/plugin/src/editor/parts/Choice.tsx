import { Combobox, RadioButtonGroup } from '@grafana/ui';
import React from 'react';

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

export const INTERVALS = ['auto', 'minute', 'hour', 'day', 'week', 'month'].map((value) => ({
  value: value as 'auto' | 'minute' | 'hour' | 'day' | 'week' | 'month',
  label: value,
}));

export const PERIODS = INTERVALS.filter(({ value }) => ['day', 'week', 'month'].includes(value));

export const ACTORS = [
  { value: 'visitor' as const, label: 'visitor' },
  { value: 'user' as const, label: 'user', description: 'Ignores events without a user id' },
  { value: 'session' as const, label: 'session', description: 'Ignores events without a session id' },
];
