import React from 'react';

import { ACTORS, FewChoices, PERIODS } from '../parts/Choice';
import { EventFilterFields } from '../parts/EventFilterFields';
import { Field, Row } from '../parts/Row';
import { BuilderProps } from './FunnelBuilder';

/** What counts as being there, for lifecycle and stickiness. */
export function LifecycleBuilder({ query, onChange }: BuilderProps) {
  const { event, path, eventFilter } = query;
  return (
    <>
      <EventFilterFields
        label="Being there"
        value={{ event, path, filter: eventFilter }}
        onChange={({ event, path, filter }) => onChange({ event, path, eventFilter: filter })}
      />
      <Row>
        <Field label="Per">
          <FewChoices
            label="Period"
            value={query.interval ?? 'day'}
            options={PERIODS}
            onChange={(interval) => onChange({ interval })}
          />
        </Field>
        <Field label="By">
          <FewChoices label="Who" value={query.by ?? 'visitor'} options={ACTORS} onChange={(by) => onChange({ by })} />
        </Field>
      </Row>
    </>
  );
}
