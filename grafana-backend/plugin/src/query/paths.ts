import { isNarrowing } from '../filters';
import { Actor, OwnEvents, QueryKind, ScopedQuery } from './common';
import { EventFilter } from './filter';

/** Navigation from page to page: docs/queries/paths.md. */
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
  picker: { label: 'Paths', description: 'Navigation between pages, forward or backward from a page' },
  starting: {
    queryType: 'paths',
    node: 'path',
    direction: 'forward',
    steps: 4,
    limit: 10,
    by: 'session',
    event: 'page_view',
  },
  // An anchor without conditions matches every event, which is the same as no anchor.
  tidied: (query) => ({ ...query, anchor: query.anchor && isNarrowing(query.anchor) ? query.anchor : undefined }),
};
