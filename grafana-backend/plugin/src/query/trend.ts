import { Breakdown, Compare, Interval, QueryKind, ScopedQuery } from './common';
import { EventFilter } from './filter';

/** Counts over time: docs/queries/trend.md. */
export interface TrendQuery extends ScopedQuery {
  queryType: 'trend';
  series?: TrendSeries[];
  formula?: string;
  interval?: Interval;
  result?: string;
  breakdown?: Breakdown;
  cumulative?: boolean;
  compare?: Compare;
  shape?: 'wide' | 'long';
}

export type Measure = 'count' | 'visitors' | 'users' | 'sessions' | 'per_visitor' | 'revenue';

export interface TrendSeries extends EventFilter {
  measure?: Measure;
}

export const trend: QueryKind<TrendQuery> = {
  picker: {
    label: 'Trend',
    description: 'Events and unique visitors over time, with breakdowns, comparisons and formulas',
  },
  starting: { queryType: 'trend', interval: 'auto', series: [{ event: '', measure: 'count' }] },
  hidden: ({ result, series }) => [
    ...(result === 'total' ? (['interval'] as const) : []),
    ...(series?.length === 2 ? [] : (['formula'] as const)),
  ],
};
