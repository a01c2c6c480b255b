import React from 'react';

import { QueryOf } from '../../query';
import { FIELDS } from '../../query/fields';
import { OwnEventFields } from '../parts/OwnEventFields';
import { NumberField } from '../parts/NumberField';
import { Field, Row } from '../parts/Row';
import { TextInput } from '../parts/TextInput';
import { BuilderProps } from './props';

/** Individual events: of a visitor, a user or a session, or all. */
export function EventsBuilder({ query, onChange }: BuilderProps<Omit<QueryOf<'events'>, 'queryType'>>) {
  return (
    <>
      <OwnEventFields label="Events" query={query} onChange={onChange} />
      <Row>
        {WHO.map(({ key, label }) => (
          <Field key={key} label={label}>
            <TextInput
              label={label}
              placeholder="any"
              value={query[key] ?? ''}
              onChange={(value) => onChange({ [key]: value || undefined })}
            />
          </Field>
        ))}
        <NumberField
          label="Limit"
          value={query.limit}
          field={FIELDS.events.limit}
          onChange={(limit) => onChange({ limit })}
        />
      </Row>
    </>
  );
}

const WHO = [
  { key: 'visitor' as const, label: 'Visitor' },
  { key: 'userId' as const, label: 'User' },
  { key: 'sessionId' as const, label: 'Session' },
];
