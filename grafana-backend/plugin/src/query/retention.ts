import { Actor, Interval, QueryKind, ScopedQuery } from './common';
import { EventFilter } from './filter';

/** Returning visitors: docs/queries/retention.md. */
export interface RetentionQuery extends ScopedQuery {
  queryType: 'retention';
  start?: EventFilter;
  returns?: EventFilter;
  interval?: Interval;
  firstTime?: boolean;
  unbounded?: boolean;
  by?: Actor;
}

export const retention: QueryKind<RetentionQuery> = {
  picker: { label: 'Retention', description: 'Returning visitors by cohort' },
  starting: { queryType: 'retention', interval: 'week', firstTime: true },
};
