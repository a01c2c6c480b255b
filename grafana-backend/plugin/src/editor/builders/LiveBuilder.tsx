import React from 'react';

import { QueryOf } from '../../query';
import { LiveResult } from '../../query/generated';
import { FewChoices } from '../parts/Choice';
import { Field, Row } from '../parts/Row';
import { BuilderProps } from './props';

/** Streaming numbers, or the pages that visitors are on. */
export function LiveBuilder({ query, onChange }: BuilderProps<QueryOf<'live'>>) {
  return (
    <Row>
      <Field
        label="Show"
        tooltip="Numbers without a filter are streamed; everything else updates when the panel refreshes"
      >
        <FewChoices
          label="Result"
          value={query.result || 'numbers'}
          options={RESULTS}
          onChange={(result) => onChange({ result })}
        />
      </Field>
    </Row>
  );
}

const RESULTS: Array<{ value: LiveResult; label: string }> = [
  { value: 'numbers', label: 'Visitors and events' },
  { value: 'pages', label: 'Pages' },
];
