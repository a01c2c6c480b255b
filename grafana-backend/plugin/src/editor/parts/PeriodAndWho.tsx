import React from 'react';

import { Actor, Interval, Period } from '../../query/generated';
import { ActorField } from './ActorField';
import { FewChoices, PERIODS } from './Choice';
import { Field } from './Row';

interface PeriodAndWhoProps {
  query: { interval?: Interval; by?: Actor };
  usual: Period;
  onChange: (change: { interval?: Period; by?: Actor }) => void;
}

/** The period, and whether to count visitors, users or sessions. */
export function PeriodAndWho({ query, usual, onChange }: PeriodAndWhoProps) {
  return (
    <>
      <Field label="Per">
        <FewChoices
          label="Period"
          value={(query.interval ?? usual) as Period}
          options={PERIODS}
          onChange={(interval) => onChange({ interval })}
        />
      </Field>
      <ActorField by={query.by} onChange={(by) => onChange({ by })} />
    </>
  );
}
