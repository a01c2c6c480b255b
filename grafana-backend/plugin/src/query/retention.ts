import { Actor, Interval, QueryKind, ScopedQuery } from './common';
import { EventFilter } from './filter';

/** Who comes back: docs/queries/retention.md. */
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
  picker: { label: 'Retention', description: 'Who comes back, by the period of the first visit' },
  starting: { queryType: 'retention', interval: 'week', firstTime: true },
};
