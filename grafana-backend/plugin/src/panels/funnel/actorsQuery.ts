import { DataQueryRequest } from '@grafana/data';

import { FootfallQuery } from '../../query';
import { FunnelQuery } from '../../query/funnel';

/** The funnel query behind a frame, if it is one of Footfall's: it can be asked who is behind a bar. */
export function askable(request?: DataQueryRequest, refId?: string): FunnelQuery | undefined {
  const queries = (request?.targets ?? []) as FootfallQuery[];
  const query = queries.find((each) => each.refId === refId) ?? queries[0];
  return query?.queryType === 'funnel' && query.datasource?.type === 'footfall-analytics-datasource'
    ? query
    : undefined;
}

/** The same funnel, asked for those who took a step, or who left before it. */
export function actorsQuery(query: FunnelQuery, step: number, outcome: 'converted' | 'dropped'): FunnelQuery {
  // Who left before a step is who took the one before and not this one.
  return { ...query, refId: 'Actors', result: 'actors', step, outcome, limit: ACTORS_SHOWN_MAX, breakdown: undefined };
}

export const ACTORS_SHOWN_MAX = 200;
