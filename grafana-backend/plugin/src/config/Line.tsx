import { InlineField } from '@grafana/ui';
import React, { ReactElement, useId } from 'react';

/** A setting with its label, connected for screen readers. */
export function Line({ label, tooltip, children }: { label: string; tooltip?: string; children: ReactElement }) {
  const id = useId();
  return (
    <InlineField label={label} tooltip={tooltip} labelWidth={24} htmlFor={id}>
      {React.cloneElement(children as ReactElement<{ id?: string }>, { id })}
    </InlineField>
  );
}
