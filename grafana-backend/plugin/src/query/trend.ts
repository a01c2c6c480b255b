import { QueryKind } from './common';
import { QueryOf } from './stored';

export const trend: QueryKind<QueryOf<'trend'>> = {
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
