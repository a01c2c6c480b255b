import { Did, EventFilter, PersonFilter } from './query/generated';

/** How the editor asks what a person did. */
export type Verb = 'did' | 'did not' | 'first did';

/** The condition the editor starts with; not sent until it names an event, a number or a first time. */
export const UNFINISHED_DID: { did: Did } = { did: {} };

/** Limits of the backend (docs/queries/filters.md). */
export const TIMES_MAX = 1_000_000;
export const DAYS_MAX = 3_660;

export const isDid = (filter: PersonFilter): filter is { did: Did } =>
  'did' in filter && typeof filter.did === 'object' && filter.did !== null;

export function verbOf({ atLeast, atMost, firstTime }: Did): Verb {
  if (firstTime) {
    return 'first did';
  }
  return atMost === 0 && atLeast === undefined ? 'did not' : 'did';
}

/** The same event and days with another verb; numbers that it does not have go. */
export function withVerb({ events, days, atLeast, atMost }: Did, verb: Verb): Did {
  const same: Did = { events, days };
  switch (verb) {
    case 'did not':
      return { ...same, atMost: 0 };
    case 'first did':
      return { ...same, atLeast, firstTime: true };
    default:
      return { ...same, atLeast, atMost: atMost || undefined };
  }
}

/** The condition in words; `event` says which event. */
export function didText(did: Did, event: (of: EventFilter) => string): string {
  const { atLeast, atMost, days } = did;
  const verb = { did: 'person did', 'did not': 'person did not', 'first did': 'person first did' }[verbOf(did)];
  const least = atLeast !== undefined && atLeast !== 1 ? `at least ${atLeast}` : '';
  const most = atMost ? `at most ${atMost}` : '';
  const times = [least, most].filter(Boolean).join(' and ');
  return [verb, event(did.events ?? {}), times && `${times} times`, days ? `in ${counted(days, 'day')}` : '']
    .filter(Boolean)
    .join(' ');
}

const counted = (count: number, of: string) => `${count} ${of}${count === 1 ? '' : 's'}`;
