import { Input } from '@grafana/ui';
import React, { useState } from 'react';

interface TextInputProps {
  id?: string;
  label: string;
  value: string;
  width?: number;
  placeholder?: string;
  inputMode?: 'numeric';
  /** Why a text cannot be taken. */
  wrong?: (text: string) => string | undefined;
  onChange: (text: string) => void;
}

/** A text that is taken when the field is left, or by Enter: a query for every letter would be too many. */
export function TextInput(props: TextInputProps) {
  // Another value from outside (a step that was moved here) starts anew.
  return <Typed key={props.value} {...props} />;
}

function Typed({ id, label, value, width = 24, placeholder, inputMode, wrong, onChange }: TextInputProps) {
  const [text, setText] = useState(value);
  const why = wrong?.(text.trim());
  const take = () => !why && text.trim() !== value && onChange(text.trim());
  return (
    <Input
      id={id}
      aria-label={label}
      title={why}
      value={text}
      placeholder={placeholder}
      width={width}
      inputMode={inputMode}
      invalid={Boolean(why)}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={take}
      onKeyDown={(event) => event.key === 'Enter' && take()}
    />
  );
}
