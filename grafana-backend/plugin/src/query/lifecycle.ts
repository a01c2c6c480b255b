import { QueryKind } from './common';
import { QueryOf } from './stored';

export const lifecycle: QueryKind<QueryOf<'lifecycle'>> = {
  picker: { label: 'Lifecycle', description: 'New, returning, resurrecting and dormant visitors' },
  starting: { queryType: 'lifecycle', interval: 'day' },
};

export const stickiness: QueryKind<QueryOf<'stickiness'>> = {
  picker: { label: 'Stickiness', description: 'On how many days visitors are active' },
  starting: { queryType: 'stickiness', interval: 'day' },
};
