import React from 'react';

import { QueryOf } from '../../query';
import { CompareField } from '../parts/CompareField';
import { OwnEventFields } from '../parts/OwnEventFields';
import { PeriodAndWho } from '../parts/PeriodAndWho';
import { Row } from '../parts/Row';
import { BuilderProps } from './props';

/** What counts as activity, for lifecycle and stickiness. */
export function LifecycleBuilder({ query, onChange }: BuilderProps<Omit<QueryOf<'lifecycle'>, 'queryType'>>) {
  return (
    <>
      <OwnEventFields label="Activity" query={query} onChange={onChange} />
      <Row>
        <PeriodAndWho query={query} usual="day" onChange={onChange} />
        <CompareField query={query} onChange={onChange} />
      </Row>
    </>
  );
}
