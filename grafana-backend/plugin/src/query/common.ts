import { EventsQuery } from './generated';

/** The events a query covers. */
export type OwnEvents = Pick<EventsQuery, 'event' | 'path' | 'eventFilter'>;

/** Everything about a query type beyond its fields. */
export interface QueryKind<Q> {
  /** Its entry in the query type picker; none if panels cannot use it. */
  picker?: { label: string; description: string };
  /** A query that shows something right away. */
  starting: Omit<Q, 'refId'>;
  /** Fields this result does not have: the editor hides them, so they must not change the numbers. */
  hidden?: (query: Q) => Array<keyof Q>;
  /** Removes what does not apply here, or is incomplete. */
  tidied?: (query: Q) => Q;
  /** Whether the query can run. */
  isComplete?: (query: Q) => boolean;
  /** Whether something is still being added. */
  isUnfinished?: (query: Q) => boolean;
}
