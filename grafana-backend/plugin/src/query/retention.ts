import { QueryKind } from './common';
import { QueryOf } from './stored';

export const retention: QueryKind<QueryOf<'retention'>> = {
  picker: { label: 'Retention', description: 'Returning visitors by cohort' },
  starting: { queryType: 'retention', interval: 'week', firstTime: true },
};
