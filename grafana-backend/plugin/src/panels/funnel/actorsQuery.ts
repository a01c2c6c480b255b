import { DataQueryRequest } from '@grafana/data';

import { FootfallQuery, QueryOf } from '../../query';
import { Outcome } from '../../query/generated';

type FunnelQuery = QueryOf<'funnel'>;

/** The funnel query behind a frame, if it is Footfall's; it can be queried for its actors. */
export function askable(request?: DataQueryRequest, refId?: string): FunnelQuery | undefined {
  const queries = (request?.targets ?? []) as FootfallQuery[];
  const query = queries.find((each) => each.refId === refId) ?? queries[0];
  return query?.queryType === 'funnel' && query.datasource?.type === 'footfall-analytics-datasource'
    ? query
    : undefined;
}

/** The same funnel, queried for those who completed a step, or dropped off before it. */
export function actorsQuery(query: FunnelQuery, step: number, outcome: Outcome): FunnelQuery {
  // Those who dropped off completed the previous step but not this one.
  return { ...query, refId: 'Actors', result: 'actors', step, outcome, limit: ACTORS_SHOWN_MAX, breakdown: undefined };
}

export const ACTORS_SHOWN_MAX = 200;
