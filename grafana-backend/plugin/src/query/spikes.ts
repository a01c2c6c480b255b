import { Interval, OwnEvents, QueryKind, ScopedQuery } from './common';

/** Periods with far more events than usual: docs/queries/events.md. */
export interface SpikesQuery extends ScopedQuery, OwnEvents {
  queryType: 'spikes';
  interval?: Interval;
  /** The minimum number of events in a spike. */
  least?: number;
}

export const spikes: QueryKind<SpikesQuery> = {
  starting: { queryType: 'spikes', interval: 'hour' },
};
