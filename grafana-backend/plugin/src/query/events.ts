import { QueryKind } from './common';
import { QueryOf } from './stored';

export const events: QueryKind<QueryOf<'events'>> = {
  picker: { label: 'Events', description: 'Individual events of a visitor, user or session, or all' },
  starting: { queryType: 'events', limit: 200 },
};

export const annotations: QueryKind<QueryOf<'annotations'>> = {
  starting: { queryType: 'annotations', limit: 200 },
};
