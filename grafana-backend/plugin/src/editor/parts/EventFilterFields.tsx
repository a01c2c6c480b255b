import { IconButton } from '@grafana/ui';
import React, { useState } from 'react';

import { EventFilter } from '../../query/generated';
import { FilterEditor } from './FilterEditor';
import { EventPicker, PathPicker } from './Pickers';
import { Field, Row } from './Row';

interface EventFilterFieldsProps<T extends EventFilter> {
  label: string;
  value: T;
  onChange: (value: T) => void;
}

/** Lists of alternatives can only be entered as JSON; the editor shows them and can replace them. */
export const shown = (of?: string | string[]) => [of ?? ''].flat().join(' | ');

/** Which events: a name, a path, and more conditions behind the filter button. */
export function EventFilterFields<T extends EventFilter>({ label, value, onChange }: EventFilterFieldsProps<T>) {
  const [isOpen, setOpen] = useState(Boolean(value.filter));
  return (
    <>
      <Row>
        <Field label="Event">
          <EventPicker
            label={`${label}: event`}
            value={shown(value.event)}
            onChange={(event) => onChange({ ...value, event })}
          />
        </Field>
        <Field label="Path" tooltip="* matches any string">
          <PathPicker
            label={`${label}: path`}
            value={shown(value.path)}
            onChange={(path) => onChange({ ...value, path })}
          />
        </Field>
        <IconButton
          name="filter"
          variant={value.filter ? 'primary' : 'secondary'}
          tooltip={`${label}: more conditions`}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        />
      </Row>
      {isOpen && (
        <FilterEditor label={label} filter={value.filter} onChange={(filter) => onChange({ ...value, filter })} />
      )}
    </>
  );
}
