import React from 'react';

import { QueryOf } from '../../query';
import { FIELDS } from '../../query/fields';
import { FewChoices } from '../parts/Choice';
import { NumberField } from '../parts/NumberField';
import { OwnEventFields } from '../parts/OwnEventFields';
import { Field, Row } from '../parts/Row';
import { BuilderProps } from './props';

/** Periods with far more events than usual. */
export function SpikesBuilder({ query, onChange }: BuilderProps<QueryOf<'spikes'>>) {
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
          label="Minimum events"
          value={query.least}
          field={FIELDS.spikes.least}
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
