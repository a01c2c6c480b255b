import { Measure, TrendSeries } from '../query/generated';
import { StoredCompare } from '../query/stored';
import { PROPERTY_MEASURES } from '../query/trend';
import { columnName } from './columns';

/** The measures of a trend. */
export const MEASURES: Record<Measure, string> = {
  count: 'Events',
  visitors: 'Unique visitors',
  users: 'Unique users',
  sessions: 'Sessions',
  per_visitor: 'Events per visitor',
  revenue: 'Revenue',
  sum: 'Sum',
  avg: 'Average',
  median: 'Median',
  p90: '90th percentile',
  p95: '95th percentile',
  p99: '99th percentile',
  min: 'Minimum',
  max: 'Maximum',
  distinct: 'Distinct values',
};

/** The earlier ranges to compare with. */
export const COMPARISONS: Record<string, string> = {
  before: 'Previous period',
  week: '1 week earlier',
  '4_weeks': '4 weeks earlier',
  '52_weeks': '52 weeks earlier',
};

/** The earlier range of a query; a variable that has not been interpolated has no name of its own. */
export function comparisonName(compare?: StoredCompare): string {
  const name = COMPARISONS[compare === true ? 'before' : String(compare)] ?? COMPARISONS.before;
  return name.toLowerCase();
}

/** A series by what it counts: `Unique visitors: sign_up`, `Sum of price: purchase`. */
export function seriesName({ measure = 'count', property, event, path }: TrendSeries): string {
  const of = [event, path].map((names) => [names ?? []].flat().join(', ')).filter(Boolean);
  const measured = property && PROPERTY_MEASURES.includes(measure) ? ` of ${columnName(property)}` : '';
  return [`${MEASURES[measure] ?? measure}${measured}`, ...of].join(': ');
}
