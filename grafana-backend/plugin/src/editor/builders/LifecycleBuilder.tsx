import React from 'react';

import { OwnEventFields } from '../parts/OwnEventFields';
import { PeriodAndWho } from '../parts/PeriodAndWho';
import { Row } from '../parts/Row';
import { BuilderProps } from './FunnelBuilder';

/** What counts as being there, for lifecycle and stickiness. */
export function LifecycleBuilder({ query, onChange }: BuilderProps) {
  return (
    <>
      <OwnEventFields label="Being there" query={query} onChange={onChange} />
      <Row>
        <PeriodAndWho query={query} usual="day" onChange={onChange} />
      </Row>
    </>
  );
}
