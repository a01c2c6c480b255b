import { isNarrowing } from '../filters';
import { Actor, OwnEvents, QueryKind, ScopedQuery } from './common';
import { EventFilter } from './filter';

/** From page to page: docs/queries/paths.md. */
export interface PathsQuery extends ScopedQuery, OwnEvents {
  queryType: 'paths';
  node?: string;
  anchor?: EventFilter;
  direction?: 'forward' | 'backward';
  steps?: number;
  limit?: number;
  collapse?: boolean;
  by?: Actor;
  result?: string;
}

export const paths: QueryKind<PathsQuery> = {
  picker: { label: 'Paths', description: 'From page to page, onward from a place or back from it' },
  starting: {
    queryType: 'paths',
    node: 'path',
    direction: 'forward',
    steps: 4,
    limit: 10,
    by: 'session',
    event: 'page_view',
  },
  // Every event is an anchor where nothing narrows it, and that is no anchor.
  tidied: (query) => ({ ...query, anchor: query.anchor && isNarrowing(query.anchor) ? query.anchor : undefined }),
};
