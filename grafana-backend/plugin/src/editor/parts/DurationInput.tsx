import { Input } from '@grafana/ui';
import React, { useEffect, useState } from 'react';

import { formatDuration, parseDuration } from '../../duration';

interface DurationInputProps {
  id?: string;
  label: string;
  valueMs?: number;
  placeholder?: string;
  onChange: (valueMs?: number) => void;
}

/** A length of time, as people write it: `30m`, `7d`, `1h 30m`, `250ms`. */
export function DurationInput({ id, label, valueMs, placeholder, onChange }: DurationInputProps) {
  const [text, setText] = useState(valueMs === undefined ? '' : formatDuration(valueMs));
  useEffect(() => setText(valueMs === undefined ? '' : formatDuration(valueMs)), [valueMs]);
  const parsed = parseDuration(text);
  const wrong = text.trim() !== '' && parsed === undefined;
  return (
    <Input
      id={id}
      aria-label={label}
      title={wrong ? 'A number and a unit, such as 30m, 12h or 7d' : undefined}
      value={text}
      placeholder={placeholder}
      width={12}
      invalid={wrong}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={() => !wrong && onChange(parsed)}
      onKeyDown={(event) => event.key === 'Enter' && !wrong && onChange(parsed)}
    />
  );
}
