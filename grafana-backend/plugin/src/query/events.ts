import { OwnEvents, QueryKind, ScopedQuery } from './common';

/** Both list single events: docs/queries/events.md. */
interface Timeline extends ScopedQuery, OwnEvents {
  visitor?: string;
  userId?: string;
  sessionId?: string;
  limit?: number;
}

/** Rows of a table. */
export interface EventsQuery extends Timeline {
  queryType: 'events';
}

/** Marks on graphs. */
export interface AnnotationsQuery extends Timeline {
  queryType: 'annotations';
}

export const events: QueryKind<EventsQuery> = {
  picker: { label: 'Events', description: 'Single events, of one visitor, user or session or of all' },
  starting: { queryType: 'events', limit: 200 },
};

export const annotations: QueryKind<AnnotationsQuery> = {
  starting: { queryType: 'annotations', limit: 200 },
};
