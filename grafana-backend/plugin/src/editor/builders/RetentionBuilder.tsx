import React from 'react';

import { QueryOf } from '../../query';
import { EventFilterFields } from '../parts/EventFilterFields';
import { PeriodAndWho } from '../parts/PeriodAndWho';
import { Row, Section } from '../parts/Row';
import { BuilderProps } from './props';
import { Toggle } from '../parts/Toggle';

/** What starts a cohort, what counts as returning, and the period. */
export function RetentionBuilder({ query, onChange }: BuilderProps<QueryOf<'retention'>>) {
  return (
    <>
      <Section title="Starts with">
        <EventFilterFields label="Start" value={query.start ?? {}} onChange={(start) => onChange({ start })} />
      </Section>
      <Section title="Returns with">
        <EventFilterFields label="Return" value={query.returns ?? {}} onChange={(returns) => onChange({ returns })} />
      </Section>
      <Row>
        <PeriodAndWho query={query} usual="week" onChange={onChange} />
        <Toggle
          label="First time"
          tooltip="Only count a visitor's first start ever"
          value={query.firstTime}
          onChange={(value) => onChange({ firstTime: value })}
        />
        <Toggle
          label="Unbounded"
          tooltip="Count visitors who return in the period or any later one"
          value={query.unbounded}
          onChange={(value) => onChange({ unbounded: value })}
        />
      </Row>
    </>
  );
}
