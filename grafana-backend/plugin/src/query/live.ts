import { QueryKind } from './common';
import { QueryOf } from './stored';

export const live: QueryKind<QueryOf<'live'>> = {
  picker: { label: 'Live', description: 'Current visitors and events, streamed' },
  starting: { queryType: 'live' },
};
