import { isNarrowing } from '../filters';
import { QueryKind } from './common';
import { QueryOf } from './stored';

export const paths: QueryKind<QueryOf<'paths'>> = {
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
  hidden: ({ result }) => (result === 'graph' ? ['compare'] : []),
  // An anchor without conditions matches every event, which is the same as no anchor.
  tidied: (query) => ({ ...query, anchor: query.anchor && isNarrowing(query.anchor) ? query.anchor : undefined }),
};
