import { DataQuery } from '@grafana/schema';

import { AdHocFilter, Filter } from './filter';

export type Actor = 'visitor' | 'user' | 'session';
/** Whose events count: docs/events.md describes how bots are recognized. */
export type Traffic = 'everything' | 'people' | 'bots';
export type Interval = 'auto' | 'minute' | 'hour' | 'day' | 'week' | 'month';

/** Grafana's own fields of a query, and the viewer's time zone, which decides where days start. */
export interface CommonQuery extends DataQuery {
  timezone?: string;
  /** The dashboard's; in SQL the condition `$__adHocFilters`. */
  adhocFilters?: AdHocFilter[];
}

/** Common to all query types except SQL, which specifies this itself. */
export interface ScopedQuery extends CommonQuery {
  project?: string;
  /** Whose events count; may be a dashboard variable. Sent as a condition of the filter. */
  traffic?: Traffic | string;
  filter?: Filter;
}

/** The events a query covers. */
export interface OwnEvents {
  event?: string | string[];
  path?: string | string[];
  eventFilter?: Filter;
}

/** The earlier range to compare with; `true` is `before`. May be a dashboard variable. */
export type Compare = boolean | string;

/** The most frequent values of a dimension, with the rest merged. */
export interface Breakdown {
  dimension: string;
  limit?: number;
}

/** Everything about a query type beyond its fields. */
export interface QueryKind<Q> {
  /** Its entry in the query type picker; none if panels cannot use it. */
  picker?: { label: string; description: string };
  /** A query that shows something right away. */
  starting: Omit<Q, 'refId'>;
  /** Fields this result does not have: the editor hides them, so they must not change the numbers. */
  hidden?: (query: Q) => Array<keyof Q>;
  /** Removes what does not apply here, or is incomplete. */
  tidied?: (query: Q) => Q;
  /** Whether the query can run. */
  isComplete?: (query: Q) => boolean;
  /** Whether something is still being added. */
  isUnfinished?: (query: Q) => boolean;
}
