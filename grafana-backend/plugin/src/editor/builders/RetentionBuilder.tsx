import React from 'react';

import { ACTORS, FewChoices, PERIODS } from '../parts/Choice';
import { EventFilterFields } from '../parts/EventFilterFields';
import { Field, Row, Section } from '../parts/Row';
import { BuilderProps } from './FunnelBuilder';
import { Toggle } from '../parts/Toggle';

/** What begins, what counts as coming back, and by which periods. */
export function RetentionBuilder({ query, onChange }: BuilderProps) {
  return (
    <>
      <Section title="Starts with">
        <EventFilterFields label="Start" value={query.start ?? {}} onChange={(start) => onChange({ start })} />
      </Section>
      <Section title="Comes back with">
        <EventFilterFields label="Return" value={query.returns ?? {}} onChange={(returns) => onChange({ returns })} />
      </Section>
      <Row>
        <Field label="Per">
          <FewChoices
            label="Period"
            value={query.interval ?? 'week'}
            options={PERIODS}
            onChange={(interval) => onChange({ interval })}
          />
        </Field>
        <Field label="By">
          <FewChoices label="Who" value={query.by ?? 'visitor'} options={ACTORS} onChange={(by) => onChange({ by })} />
        </Field>
        <Toggle
          label="First time"
          tooltip="Only the first start ever"
          value={query.firstTime}
          onChange={(value) => onChange({ firstTime: value })}
        />
        <Toggle
          label="Unbounded"
          tooltip="In the period or any later one"
          value={query.unbounded}
          onChange={(value) => onChange({ unbounded: value })}
        />
      </Row>
    </>
  );
}
