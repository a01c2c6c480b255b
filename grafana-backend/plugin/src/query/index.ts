import { attribution } from './attribution';
import { cohorts } from './cohorts';
import { QueryKind } from './common';
import { annotations, events } from './events';
import { funnel } from './funnel';
import { lifecycle, stickiness } from './lifecycle';
import { live } from './live';
import { paths } from './paths';
import { retention } from './retention';
import { sessions } from './sessions';
import { spikes } from './spikes';
import { sql } from './sql';
import { FootfallQuery, QueryOf, QueryType } from './stored';
import { trend } from './trend';

export type { FootfallQuery, QueryOf, QueryType } from './stored';

/** All query types, in picker order. */
export const KINDS: { [T in QueryType]: QueryKind<QueryOf<T>> } = {
  sessions,
  funnel,
  trend,
  retention,
  lifecycle,
  stickiness,
  paths,
  attribution,
  events,
  annotations,
  spikes,
  cohorts,
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

const scopeOf = ({ project, traffic, filter }: Exclude<FootfallQuery, { queryType: 'sql' }>) => ({
  project,
  traffic,
  filter,
});
