import { QueryKind, ScopedQuery } from './common';

/** Who is there now: docs/queries/live.md. */
export interface LiveQuery extends ScopedQuery {
  queryType: 'live';
  result?: string;
}

export const live: QueryKind<LiveQuery> = {
  picker: { label: 'Live', description: 'Who is there now, as it happens' },
  starting: { queryType: 'live' },
};
