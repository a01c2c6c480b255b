import { DataSourceJsonData } from '@grafana/data';
import { DataQuery } from '@grafana/schema';

/** What can be asked; docs/queries/ has a page for each. */
export type QueryType =
  | 'sessions'
  | 'funnel'
  | 'trend'
  | 'retention'
  | 'lifecycle'
  | 'stickiness'
  | 'paths'
  | 'events'
  | 'annotations'
  | 'spikes'
  | 'live'
  | 'sql';

export type Actor = 'visitor' | 'user' | 'session';
/** Bots are known by their user agent (docs/events.md). */
export type Traffic = 'everything' | 'people' | 'bots';
export type Interval = 'auto' | 'minute' | 'hour' | 'day' | 'week' | 'month';

/** A test of one column or property, as the backend reads it (docs/queries/filters.md). */
export interface Test {
  field: string;
  op: string;
  value?: string | number;
  values?: string[];
}

/** A condition on one event: a tree of tests. */
export type Filter = Test | { all: Filter[] } | { any: Filter[] } | { not: Filter };

/** Which events are meant; what is empty matches all, and of several names or paths one is enough. */
export interface EventFilter {
  event?: string | string[];
  path?: string | string[];
  filter?: Filter;
}

export interface FunnelStep extends EventFilter {
  name?: string;
  optional?: boolean;
  windowMs?: number;
}

export interface Exclusion extends EventFilter {
  afterStep?: number;
  beforeStep?: number;
}

export interface Breakdown {
  dimension: string;
  attribution?: 'first' | 'last' | 'step' | 'all';
  step?: number;
  limit?: number;
}

export type Measure = 'count' | 'visitors' | 'users' | 'sessions' | 'per_visitor' | 'revenue';

export interface TrendSeries extends EventFilter {
  measure?: Measure;
}

/** A query as it is kept in a dashboard and sent to the backend. Which fields count depends on `queryType`. */
export interface FootfallQuery extends DataQuery {
  queryType?: QueryType;
  project?: string;
  result?: string;
  timezone?: string;
  interval?: Interval;
  /** Whose events count; a dashboard's variable may stand here. */
  traffic?: Traffic | string;
  filter?: Filter;
  adhocFilters?: AdHocFilter[];
  by?: Actor;
  limit?: number;
  /** Events that a spike has at least. */
  least?: number;
  /** `true` is `before`; a dashboard's variable may stand here. */
  compare?: boolean | string;
  quantiles?: boolean;

  // sessions
  dimension?: string;
  measures?: string[];

  // funnel
  steps?: FunnelStep[] | number;
  order?: 'ordered' | 'strict' | 'any';
  conversionWindowMs?: number;
  exclusions?: Exclusion[];
  hold?: string;
  breakdown?: Breakdown;
  open?: boolean;
  step?: number;
  outcome?: 'converted' | 'dropped';

  // trend
  series?: TrendSeries[];
  formula?: string;
  cumulative?: boolean;
  shape?: 'wide' | 'long';

  // retention
  start?: EventFilter;
  returns?: EventFilter;
  firstTime?: boolean;
  unbounded?: boolean;

  // lifecycle, stickiness, paths, events
  event?: string | string[];
  path?: string | string[];
  eventFilter?: Filter;

  // paths
  node?: string;
  anchor?: EventFilter;
  direction?: 'forward' | 'backward';
  collapse?: boolean;

  // events
  visitor?: string;
  userId?: string;
  sessionId?: string;

  // sql
  rawSql?: string;
  variables?: Record<string, string | string[]>;
}

export interface AdHocFilter {
  key: string;
  operator: string;
  value: string;
  values?: string[];
}

/** Keys are those of Grafana's own ClickHouse datasource where it has them. */
export interface FootfallOptions extends DataSourceJsonData {
  username?: string;
  defaultProject?: string;
  pageViewEvents?: string[];
  /** What SQL may read besides `analytics`: `database.table` or `database.*`. */
  sqlTables?: string[];
  queryTimeout?: string;
  memoryBytesMax?: number;
  rowsReadMax?: number;
  cacheSeconds?: number;
  compression?: 'auto' | 'lz4' | 'none';
  tlsSkipVerify?: boolean;
  tlsAuth?: boolean;
  tlsAuthWithCACert?: boolean;
  httpHeaders?: HttpHeader[];
}

export interface HttpHeader {
  name: string;
  value?: string;
  secure?: boolean;
}

export interface FootfallSecureOptions {
  password?: string;
  tlsCACert?: string;
  tlsClientCert?: string;
  tlsClientKey?: string;
  /** Secure headers: `secureHttpHeaders.<name>`, as Grafana's ClickHouse datasource keeps them. */
  [header: string]: string | undefined;
}

/** What a query variable asks for. */
export interface FootfallVariableQuery extends DataQuery {
  kind: 'projects' | 'events' | 'properties' | 'dimensions' | 'values';
  project?: string;
  field?: string;
  search?: string;
}
