import { QueryKind } from './common';
import { QueryOf } from './stored';

export const spikes: QueryKind<QueryOf<'spikes'>> = {
  starting: { queryType: 'spikes', interval: 'hour' },
};
