import React from 'react';

import { QueryOf } from '../../query';
import { FIELDS } from '../../query/fields';
import { NumberField } from '../parts/NumberField';
import { CohortPicker } from '../parts/Pickers';
import { Field, Row } from '../parts/Row';
import { BuilderProps } from './props';

/** The sizes of one cohort, or of all. */
export function CohortsBuilder({ query, onChange }: BuilderProps<QueryOf<'cohorts'>>) {
  return (
    <Row>
      <Field label="Cohort" tooltip="A cohort's name, or a variable such as $cohort; all if empty">
        <CohortPicker
          label="Cohort"
          placeholder="all"
          value={[query.cohort ?? []].flat().join(', ')}
          onChange={(cohort) => onChange({ cohort: cohort || undefined })}
        />
      </Field>
      <NumberField
        label="Limit"
        value={query.limit}
        field={FIELDS.cohorts.limit}
        onChange={(limit) => onChange({ limit })}
      />
    </Row>
  );
}
