import { Actor, Interval, OwnEvents, QueryKind, ScopedQuery } from './common';

/** Both measure activity: docs/queries/lifecycle.md. */
interface Presence extends ScopedQuery, OwnEvents {
  interval?: Interval;
  by?: Actor;
}

/** New, returning, resurrecting and dormant. */
export interface LifecycleQuery extends Presence {
  queryType: 'lifecycle';
}

/** On how many days visitors are active. */
export interface StickinessQuery extends Presence {
  queryType: 'stickiness';
}

export const lifecycle: QueryKind<LifecycleQuery> = {
  picker: { label: 'Lifecycle', description: 'New, returning, resurrecting and dormant visitors' },
  starting: { queryType: 'lifecycle', interval: 'day' },
};

export const stickiness: QueryKind<StickinessQuery> = {
  picker: { label: 'Stickiness', description: 'On how many days visitors are active' },
  starting: { queryType: 'stickiness', interval: 'day' },
};
