import React from 'react';

import { formatDuration, parseDuration } from '../../duration';
import { TextInput } from './TextInput';

interface DurationInputProps {
  id?: string;
  label: string;
  valueMs?: number;
  placeholder?: string;
  onChange: (valueMs?: number) => void;
}

/** A duration in shorthand: `30m`, `7d`, `1h 30m`, `250ms`. */
export function DurationInput({ valueMs, onChange, ...input }: DurationInputProps) {
  return (
    <TextInput
      {...input}
      width={12}
      value={valueMs === undefined ? '' : formatDuration(valueMs)}
      wrong={(text) =>
        text !== '' && parseDuration(text) === undefined ? 'A number and a unit, such as 30m, 12h or 7d' : undefined
      }
      onChange={(text) => onChange(parseDuration(text))}
    />
  );
}
