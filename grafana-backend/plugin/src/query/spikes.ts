import { Interval, OwnEvents, QueryKind, ScopedQuery } from './common';

/** Times of far more events than usual: docs/queries/events.md. */
export interface SpikesQuery extends ScopedQuery, OwnEvents {
  queryType: 'spikes';
  interval?: Interval;
  /** Events that a spike has at least. */
  least?: number;
}

export const spikes: QueryKind<SpikesQuery> = {
  starting: { queryType: 'spikes', interval: 'hour' },
};
