import React from 'react';

import { QueryOf } from '../../query';
import { FIELDS } from '../../query/fields';
import { CompareField } from '../parts/CompareField';
import { EventFilterFields } from '../parts/EventFilterFields';
import { NumberField } from '../parts/NumberField';
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
        <Row>
          <EventFilterFields label="Return" value={query.returns ?? {}} onChange={(returns) => onChange({ returns })} />
          <NumberField
            label="At least, per period"
            value={query.least}
            field={FIELDS.retention.least}
            onChange={(least) => onChange({ least })}
          />
        </Row>
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
        <Toggle
          label="Statistics"
          tooltip="Adds each period's mean and spread, and 95 % confidence intervals"
          value={query.statistics}
          onChange={(value) => onChange({ statistics: value || undefined })}
        />
        <CompareField query={query} onChange={onChange} />
      </Row>
    </>
  );
}
