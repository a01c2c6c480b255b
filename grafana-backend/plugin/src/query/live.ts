import { QueryKind, ScopedQuery } from './common';

/** Current visitors: docs/queries/live.md. */
export interface LiveQuery extends ScopedQuery {
  queryType: 'live';
  result?: string;
}

export const live: QueryKind<LiveQuery> = {
  picker: { label: 'Live', description: 'Current visitors and events, streamed' },
  starting: { queryType: 'live' },
};
