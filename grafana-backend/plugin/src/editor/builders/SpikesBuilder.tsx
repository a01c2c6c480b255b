import React from 'react';

import { USUAL } from '../../defaults';
import { FewChoices } from '../parts/Choice';
import { NumberField } from '../parts/NumberField';
import { OwnEventFields } from '../parts/OwnEventFields';
import { Field, Row } from '../parts/Row';
import { BuilderProps } from './FunnelBuilder';

/** Times of far more events than usual. */
export function SpikesBuilder({ query, onChange }: BuilderProps) {
  return (
    <>
      <OwnEventFields label="Events" query={query} onChange={onChange} />
      <Row>
        <Field label="Interval">
          <FewChoices
            label="Interval"
            value={query.interval ?? 'hour'}
            options={INTERVALS}
            onChange={(interval) => onChange({ interval })}
          />
        </Field>
        <NumberField
          label="Least events"
          min={1}
          max={1_000_000_000}
          value={query.least}
          usual={USUAL.spikes.least}
          onChange={(least) => onChange({ least })}
        />
      </Row>
    </>
  );
}

const INTERVALS = [
  { value: 'minute' as const, label: 'minute' },
  { value: 'hour' as const, label: 'hour' },
  { value: 'day' as const, label: 'day' },
];
