import { QueryKind } from './common';
import { QueryOf } from './stored';

export const sessions: QueryKind<QueryOf<'sessions'>> = {
  picker: {
    label: 'Sessions',
    description: 'Number, duration and depth of sessions, over time or by dimension',
  },
  // Counts only: durations and shares on the same graph would have scales of their own.
  starting: { queryType: 'sessions', result: 'over_time', interval: 'auto', measures: ['sessions', 'visitors'] },
  hidden: ({ result }) => [
    ...(result === 'over_time' ? [] : (['interval'] as const)),
    ...(result === 'by' ? [] : (['dimension'] as const)),
    ...(result === 'by' || result === 'list' ? [] : (['limit'] as const)),
    ...(result === 'list' ? (['measures', 'quantiles', 'compare'] as const) : []),
  ],
};
