import { finished, finishedEvent } from './filters';
import { FootfallQuery, kindOf } from './query';
import { FieldKind, fieldsOf, KNOWN } from './query/fields';
import { Breakdown, EventFilter, PersonFilter } from './query/generated';

/**
 * The query as it is sent: only the fields that its type has and its editor shows, without incomplete
 * filters. Leftovers from another query type or result never change the numbers.
 */
export function asked<Q extends FootfallQuery>(given: Q): Q {
  const query: Q = { ...given, queryType: given.queryType || 'sessions' };
  const kind = kindOf(query);
  if (!kind) {
    // The backend lists the known types.
    return query;
  }
  const fields = fieldsOf(query);
  const hidden = new Set<unknown>(kind.hidden?.(query));
  // Fields that no type has are sent, so that the backend reports them.
  const isOwn = (name: string) => (fields.has(name) ? !hidden.has(name) : !KNOWN.has(name));
  const own = Object.entries(query)
    .filter(([name]) => isOwn(name))
    .map(([name, value]) => [name, tidied(fields.get(name), value)]);
  const finishedOwn = Object.fromEntries(own) as Q;
  return present(kind.tidied?.(finishedOwn) ?? finishedOwn);
}

/** Whether the query can run; Grafana shows an empty panel otherwise. */
export function isComplete(query: FootfallQuery): boolean {
  return kindOf(query)?.isComplete?.(query) ?? true;
}

/** Whether an edit should run the query: nothing is incomplete, and the result may change. */
export function isWorthAsking(before: FootfallQuery, after: FootfallQuery): boolean {
  const isUnfinished = kindOf(after)?.isUnfinished?.(after) ?? false;
  return isComplete(after) && !isUnfinished && JSON.stringify(asked(before)) !== JSON.stringify(asked(after));
}

/** The complete part of a field, if any. A funnel's steps are a list, while those of paths are a number. */
const TIDIED: Partial<Record<FieldKind, (value: any) => unknown>> = {
  filter: (filter?: PersonFilter) => finished(filter),
  event: (event?: EventFilter) => event && finishedEvent(event),
  events: (events: unknown) => (Array.isArray(events) ? events.map(finishedEvent) : undefined),
  integer: (value: unknown) => (Array.isArray(value) ? undefined : value),
  breakdown: (breakdown?: Breakdown) => (breakdown?.dimension ? breakdown : undefined),
};

function tidied(kind: FieldKind | undefined, value: unknown): unknown {
  const tidy = kind && TIDIED[kind];
  return tidy ? tidy(value) : value;
}

const present = <Q extends object>(query: Q) =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as Q;
