import { OwnEvents, QueryKind, ScopedQuery } from './common';

/** Both list individual events: docs/queries/events.md. */
interface Timeline extends ScopedQuery, OwnEvents {
  visitor?: string;
  userId?: string;
  sessionId?: string;
  limit?: number;
}

/** As table rows. */
export interface EventsQuery extends Timeline {
  queryType: 'events';
}

/** As annotations on graphs. */
export interface AnnotationsQuery extends Timeline {
  queryType: 'annotations';
}

export const events: QueryKind<EventsQuery> = {
  picker: { label: 'Events', description: 'Individual events of a visitor, user or session, or all' },
  starting: { queryType: 'events', limit: 200 },
};

export const annotations: QueryKind<AnnotationsQuery> = {
  starting: { queryType: 'annotations', limit: 200 },
};
