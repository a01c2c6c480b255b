import { QueryKind } from './common';
import { QueryOf } from './stored';

export const cohorts: QueryKind<QueryOf<'cohorts'>> = {
  picker: { label: 'Cohorts', description: 'Named cohorts, and how many persons are in each' },
  starting: { queryType: 'cohorts' },
};
