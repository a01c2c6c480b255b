import { DataQuery } from '@grafana/schema';

import { AdHocFilter, Filter } from './filter';

export type Actor = 'visitor' | 'user' | 'session';
/** Bots are known by their user agent (docs/events.md). */
export type Traffic = 'everything' | 'people' | 'bots';
export type Interval = 'auto' | 'minute' | 'hour' | 'day' | 'week' | 'month';

/** What Grafana keeps in a query, and the viewer's zone, which decides where days begin. */
export interface CommonQuery extends DataQuery {
  timezone?: string;
}

/** What every question has but SQL, which says it itself. */
export interface ScopedQuery extends CommonQuery {
  project?: string;
  /** Whose events count; a dashboard's variable may stand here. It is sent as a test of the filter. */
  traffic?: Traffic | string;
  filter?: Filter;
  adhocFilters?: AdHocFilter[];
}

/** The events that a question is about. */
export interface OwnEvents {
  event?: string | string[];
  path?: string | string[];
  eventFilter?: Filter;
}

/** With which earlier range; `true` is `before`, and a dashboard's variable may stand here. */
export type Compare = boolean | string;

/** Values of a dimension, the most frequent first, the others together. */
export interface Breakdown {
  dimension: string;
  limit?: number;
}

/** What a type of query is beyond its fields. */
export interface QueryKind<Q> {
  /** How it stands in the picker of questions; not at all if it is no panel's. */
  picker?: { label: string; description: string };
  /** A query that shows something at once. */
  starting: Omit<Q, 'refId'>;
  /** Fields that this result does not have: the editor does not show them, so they may change no number. */
  hidden?: (query: Q) => Array<keyof Q>;
  /** Without what cannot be asked in this place, or is only begun. */
  tidied?: (query: Q) => Q;
  /** Whether there is something to ask. */
  isComplete?: (query: Q) => boolean;
  /** Whether somebody is in the middle of adding something. */
  isBegun?: (query: Q) => boolean;
}
