import { FootfallQuery } from './query';

/** Why alert rules do not take the query's result; undefined if they do. */
export function whyNoAlert(query: FootfallQuery): string | undefined {
  switch (query.queryType) {
    case 'events':
    case 'annotations':
    case 'spikes':
      return 'This query lists events. Alert rules take numbers: use Trend, for example.';
    case 'cohorts':
      return 'This query lists cohorts. Alert rules take numbers: use Trend with the cohort in its filter.';
    case 'live':
      return 'Live queries are streamed to panels. Alert rules take Trend or Sessions over the last minutes.';
    case 'sessions':
      return query.result === 'list' ? 'A list of sessions is not a number: show Totals, or Over time.' : undefined;
    case 'funnel':
      return query.result === 'actors' ? 'A list of people is not a number: show Steps, or Over time.' : undefined;
    case 'paths':
      return query.result === 'graph' ? 'A node graph is not a number: show Links.' : undefined;
    default:
      return undefined;
  }
}

/** What the labels of an alert's instances will be, where one query gives several numbers. */
export function alertLabels(query: FootfallQuery): string | undefined {
  const isSplit = 'breakdown' in query && query.breakdown?.dimension;
  const hasMeasures =
    (query.queryType === 'sessions' && query.measures?.length !== 1) ||
    query.queryType === 'funnel' ||
    query.queryType === 'lifecycle' ||
    query.queryType === 'retention' ||
    query.queryType === 'attribution' ||
    ('compare' in query && Boolean(query.compare));
  if (!hasMeasures) {
    return undefined;
  }
  const labels = isSplit ? 'the label measure beside those of the split' : 'the label measure';
  return `The rule gets one number for each measure, with ${labels}.`;
}
