import { IconButton } from '@grafana/ui';
import React from 'react';

import { DAYS_MAX, TIMES_MAX, Verb, verbOf, withVerb } from '../../did';
import { integerWithin } from '../../number';
import { PersonFilter } from '../../query/generated';
import { ManyChoices } from './Choice';
import { EventFilterFields } from './EventFilterFields';
import { FilterEditor, PersonRowProps } from './FilterEditor';
import { Field, Row } from './Row';
import { TextInput } from './TextInput';

interface PersonFilterEditorProps {
  label: string;
  filter?: PersonFilter;
  onChange: (filter?: PersonFilter) => void;
}

/** A query's own filter: conditions on its events, and on what their persons did. */
export function PersonFilterEditor(props: PersonFilterEditorProps) {
  return <FilterEditor<PersonFilter> {...props} PersonRow={PersonRow} />;
}

function PersonRow({ label, did, onChange, onRemove }: PersonRowProps) {
  const verb = verbOf(did);
  return (
    <>
      <Row>
        <ManyChoices<Verb>
          label={`${label}: what the person did`}
          width={30}
          value={verb}
          options={VERBS}
          onChange={(chosen) => onChange(withVerb(did, chosen))}
        />
        {verb !== 'did not' && (
          <Count label="At least" value={did.atLeast} onChange={(atLeast) => onChange({ ...did, atLeast })} />
        )}
        {verb === 'did' && (
          <Count label="At most" value={did.atMost} onChange={(atMost) => onChange({ ...did, atMost })} />
        )}
        <Count
          label="Days"
          tooltip="Before the end of the time range; the time range itself if empty"
          max={DAYS_MAX}
          placeholder="the range"
          value={did.days}
          onChange={(days) => onChange({ ...did, days })}
        />
        <IconButton name="times" tooltip="Remove this condition" onClick={onRemove} />
      </Row>
      <EventFilterFields
        label={`${label}, what was done`}
        value={did.events ?? {}}
        onChange={(events) => onChange({ ...did, events })}
      />
    </>
  );
}

const VERBS: Array<{ value: Verb; label: string; description?: string }> = [
  { value: 'did', label: 'Person did' },
  { value: 'did not', label: 'Person did not' },
  { value: 'first did', label: 'Person did for the first time', description: 'And never before' },
];

/** A number of times or days, or none. */
function Count({ label, tooltip, value, max = TIMES_MAX, placeholder, onChange }: CountProps) {
  return (
    <Field label={label} tooltip={tooltip}>
      <TextInput
        label={label}
        inputMode="numeric"
        width={10}
        placeholder={placeholder}
        value={value === undefined ? '' : String(value)}
        wrong={(text) =>
          text !== '' && integerWithin(text, 1, max) === undefined
            ? `An integer from 1 to ${max.toLocaleString('en')}`
            : undefined
        }
        onChange={(text) => onChange(integerWithin(text, 1, max))}
      />
    </Field>
  );
}

interface CountProps {
  label: string;
  tooltip?: string;
  value?: number;
  max?: number;
  placeholder?: string;
  onChange: (value?: number) => void;
}
