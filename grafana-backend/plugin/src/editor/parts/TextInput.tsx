import { Input } from '@grafana/ui';
import React, { useState } from 'react';

interface TextInputProps {
  id?: string;
  label: string;
  value: string;
  width?: number;
  placeholder?: string;
  inputMode?: 'numeric';
  /** Why the input is invalid, if it is. */
  wrong?: (text: string) => string | undefined;
  onChange: (text: string) => void;
}

/** A text field that applies on blur or Enter, to avoid a query per keystroke. */
export function TextInput(props: TextInputProps) {
  // A new value from outside (such as a moved step) resets the field.
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
