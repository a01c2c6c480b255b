import { Compare, Interval, QueryKind, ScopedQuery } from './common';

/** Visits: docs/queries/sessions.md. */
export interface SessionsQuery extends ScopedQuery {
  queryType: 'sessions';
  result?: string;
  dimension?: string;
  limit?: number;
  interval?: Interval;
  compare?: Compare;
  quantiles?: boolean;
  measures?: string[];
}

export const sessions: QueryKind<SessionsQuery> = {
  picker: {
    label: 'Sessions',
    description: 'Visits: how many, how long, how deep; over time or by any dimension',
  },
  starting: { queryType: 'sessions', result: 'over_time', interval: 'auto' },
  hidden: ({ result }) => [
    ...(result === 'over_time' ? [] : (['interval'] as const)),
    ...(result === 'by' ? [] : (['dimension'] as const)),
    ...(result === 'by' || result === 'list' ? [] : (['limit'] as const)),
    ...(result === 'list' ? (['measures', 'quantiles', 'compare'] as const) : []),
  ],
};
