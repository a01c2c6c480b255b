import { QueryKind } from './common';
import { annotations, AnnotationsQuery, events, EventsQuery } from './events';
import { funnel, FunnelQuery } from './funnel';
import { lifecycle, LifecycleQuery, stickiness, StickinessQuery } from './lifecycle';
import { live, LiveQuery } from './live';
import { paths, PathsQuery } from './paths';
import { retention, RetentionQuery } from './retention';
import { sessions, SessionsQuery } from './sessions';
import { spikes, SpikesQuery } from './spikes';
import { sql, SqlQuery } from './sql';
import { trend, TrendQuery } from './trend';

/** A query as stored in a dashboard and sent to the backend; docs/queries/ has a page for each type. */
export type FootfallQuery =
  | SessionsQuery
  | FunnelQuery
  | TrendQuery
  | RetentionQuery
  | LifecycleQuery
  | StickinessQuery
  | PathsQuery
  | EventsQuery
  | AnnotationsQuery
  | SpikesQuery
  | LiveQuery
  | SqlQuery;

export type { SqlQuery };
export type QueryType = FootfallQuery['queryType'];
export type QueryOf<T extends QueryType> = Extract<FootfallQuery, { queryType: T }>;

/** All query types, in picker order. */
export const KINDS: { [T in QueryType]: QueryKind<QueryOf<T>> } = {
  sessions,
  funnel,
  trend,
  retention,
  lifecycle,
  stickiness,
  paths,
  events,
  annotations,
  spikes,
  live,
  sql,
};

/** A query's type; undefined if a file has none, or an unknown one. */
export function kindOf<Q extends FootfallQuery>(query: Q): QueryKind<Q> | undefined {
  return Object.hasOwn(KINDS, query.queryType) ? (KINDS[query.queryType] as unknown as QueryKind<Q>) : undefined;
}

/** A query that shows something right away. */
export function startingQuery<T extends QueryType>(queryType: T): QueryKind<QueryOf<T>>['starting'] {
  return { ...KINDS[queryType].starting };
}

/** The query types in the picker. */
export const QUERY_TYPES = (Object.keys(KINDS) as QueryType[]).flatMap((value) => {
  const { picker } = KINDS[value];
  return picker ? [{ value, ...picker }] : [];
});

/** Changes the query type but keeps project and filter, except to or from SQL, which has neither. */
export function changeType(query: FootfallQuery, queryType: QueryType): FootfallQuery {
  const { refId, hide, key, datasource } = query;
  const scope = queryType === 'sql' || query.queryType === 'sql' ? {} : scopeOf(query);
  return { refId, hide, key, datasource, ...scope, ...startingQuery(queryType) } as FootfallQuery;
}

const scopeOf = ({ project, traffic, filter }: Exclude<FootfallQuery, SqlQuery>) => ({ project, traffic, filter });
