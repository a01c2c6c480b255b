import { isNarrowing } from '../filters';
import { QueryKind } from './common';
import { QueryOf } from './stored';

export const attribution: QueryKind<QueryOf<'attribution'>> = {
  picker: { label: 'Attribution', description: 'Which channels, campaigns or pages conversions are credited to' },
  starting: {
    queryType: 'attribution',
    conversion: { event: 'sign_up' },
    dimension: 'session:channel',
    models: ['first', 'last', 'last_non_direct', 'linear'],
    measure: 'conversions',
    by: 'visitor',
    limit: 20,
  },
  hidden: ({ models }) => (models?.length && !models.includes('time_decay') ? ['halfLifeDays'] : []),
  isComplete: ({ conversion }) => conversion !== undefined && isNarrowing(conversion),
};
