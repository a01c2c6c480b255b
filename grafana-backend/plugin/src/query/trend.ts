import { QueryKind } from './common';
import { Measure, TrendSeries } from './generated';
import { QueryOf } from './stored';

/** Measures of the values of a property or column. */
export const PROPERTY_MEASURES: readonly string[] = [
  'sum',
  'avg',
  'median',
  'p90',
  'p95',
  'p99',
  'min',
  'max',
  'distinct',
] satisfies Measure[];

export const trend: QueryKind<QueryOf<'trend'>> = {
  picker: {
    label: 'Trend',
    description: 'Events and unique visitors over time, with breakdowns, comparisons and formulas',
  },
  starting: { queryType: 'trend', interval: 'auto', series: [{ event: '', measure: 'count' }] },
  hidden: ({ result, series }) => [
    ...(result === 'total' ? (['interval', 'trailing'] as const) : []),
    ...(series && series.length > 1 ? [] : (['formula'] as const)),
  ],
  tidied: (query) => ({ ...query, series: query.series?.map(withoutUnusedProperty) }),
};

/** Only measures of a property have one. */
function withoutUnusedProperty(series: TrendSeries): TrendSeries {
  const { property, ...rest } = series;
  return PROPERTY_MEASURES.includes(series.measure ?? 'count') ? series : rest;
}
