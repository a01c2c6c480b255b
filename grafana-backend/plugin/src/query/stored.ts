import { DataQuery } from '@grafana/schema';

import { Compare, Query } from './generated';

/** A dashboard variable in place of a value, such as `$compare`. */
export type Variable = `$${string}`;

/** Whose events count: docs/events.md describes how bots are recognized. */
export type Traffic = 'everything' | 'people' | 'bots';

/** A query as stored in a dashboard: the backend's fields, Grafana's, and ours that are resolved before it is sent. */
type Stored<Q> = Q extends Query ? DataQuery & WithVariables<Q> & OfFrontEnd<Q> : never;

/** Fields in which the editor takes a variable although the backend has a closed list. */
type WithVariables<Q> = { [F in keyof Q]: F extends 'compare' ? Q[F] | Variable : Q[F] };

/** `traffic` is sent as a condition of the filter; SQL has none. */
type OfFrontEnd<Q> = 'filter' extends keyof Q ? { traffic?: Traffic | Variable } : unknown;

/** A query as stored in a dashboard; docs/queries/ has a page for each type. */
export type FootfallQuery = Stored<Query>;
export type QueryType = Query['queryType'];
export type QueryOf<T extends QueryType> = Extract<FootfallQuery, { queryType: T }>;

/** The earlier range to compare with. */
export type StoredCompare = Compare | Variable;
