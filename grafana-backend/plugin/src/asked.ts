import { finished, finishedEvent } from './filters';
import { FootfallQuery, kindOf } from './query';
import { Breakdown } from './query/common';
import { FieldKind, fieldsOf, KNOWN } from './query/fields';
import { EventFilter, Filter } from './query/filter';

/**
 * The query as it is asked: only the fields that its question has and its editor shows, without filters that
 * somebody has only begun. What a query keeps of another question or result changes no number.
 */
export function asked<Q extends FootfallQuery>(given: Q): Q {
  const query: Q = { ...given, queryType: given.queryType || 'sessions' };
  const kind = kindOf(query);
  if (!kind) {
    // The backend says which types there are.
    return query;
  }
  const fields = fieldsOf(query);
  const hidden = new Set<unknown>(kind.hidden?.(query));
  // What no type has is sent, so that the backend names it.
  const isOwn = (name: string) => (fields.has(name) ? !hidden.has(name) : !KNOWN.has(name));
  const own = Object.entries(query)
    .filter(([name]) => isOwn(name))
    .map(([name, value]) => [name, tidied(fields.get(name), value)]);
  const finishedOwn = Object.fromEntries(own) as Q;
  return present(kind.tidied?.(finishedOwn) ?? finishedOwn);
}

/** Whether there is anything to ask; Grafana shows an empty panel otherwise. */
export function isComplete(query: FootfallQuery): boolean {
  return kindOf(query)?.isComplete?.(query) ?? true;
}

/** Whether an edit is one to ask at once: nothing is only begun, and another answer can come of it. */
export function isWorthAsking(before: FootfallQuery, after: FootfallQuery): boolean {
  const isBegun = kindOf(after)?.isBegun?.(after) ?? false;
  return isComplete(after) && !isBegun && JSON.stringify(asked(before)) !== JSON.stringify(asked(after));
}

/** What is finished of a field; undefined where nothing is. A funnel's steps are a list, those of paths a number. */
const TIDIED: Partial<Record<FieldKind, (value: any) => unknown>> = {
  filter: (filter?: Filter) => finished(filter),
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
