import { describe, expect, test } from 'vitest';

import { didText, UNFINISHED_DID, Verb, verbOf, withVerb } from './did';
import { finished, fromGroup, toGroup } from './filters';
import { Did, PersonFilter } from './query/generated';

const events = { event: 'purchase' };

test.each<[Did, Verb, string]>([
  [{ events }, 'did', 'person did purchase'],
  [{ events, atLeast: 2, days: 30 }, 'did', 'person did purchase at least 2 times in 30 days'],
  [{ events, atMost: 3 }, 'did', 'person did purchase at most 3 times'],
  [{ events, atLeast: 2, atMost: 3 }, 'did', 'person did purchase at least 2 and at most 3 times'],
  [{ events, atMost: 0, days: 1 }, 'did not', 'person did not purchase in 1 day'],
  [{ events, firstTime: true, days: 7 }, 'first did', 'person first did purchase in 7 days'],
])('%j is %s', (did, verb, text) => {
  expect(verbOf(did)).toBe(verb);
  expect(didText(did, ({ event }) => String(event))).toBe(text);
  expect(withVerb(did, verb)).toEqual(did);
});

test('another verb keeps the event and the days', () => {
  const did: Did = { events, atLeast: 2, atMost: 3, days: 30 };
  expect(withVerb(did, 'did not')).toEqual({ events, days: 30, atMost: 0 });
  expect(withVerb(did, 'first did')).toEqual({ events, days: 30, atLeast: 2, firstTime: true });
  expect(withVerb({ events, atMost: 0 }, 'did')).toEqual({ events });
  expect(withVerb({ events, atMost: 0 }, 'first did')).toEqual({ events, firstTime: true });
});

describe('what a person did, in a filter', () => {
  const did: PersonFilter = { did: { events, atLeast: 2 } };

  test('is not sent before it says something', () => {
    expect(finished<PersonFilter>(UNFINISHED_DID)).toBeUndefined();
    expect(finished<PersonFilter>({ not: { did: { events: { event: '' }, days: 30 } } })).toBeUndefined();
    expect(finished<PersonFilter>({ did: { events: { filter: { field: '', op: '=' } } } })).toBeUndefined();
  });

  test.each<PersonFilter>([
    did,
    { did: { atLeast: 10 } },
    { did: { atMost: 0, events } },
    { did: { firstTime: true } },
  ])('but %j is', (filter) => expect(finished(filter)).toEqual(filter));

  test('loses only what is incomplete in it', () => {
    const filter = { all: [{ field: 'country', value: 'DE' }, { field: '' }] };
    expect(finished<PersonFilter>({ did: { events: { event: 'a', filter } } })).toEqual({
      did: { events: { event: 'a', filter: { all: [{ field: 'country', value: 'DE' }] } } },
    });
  });

  test.each<PersonFilter>([did, { not: did }, { any: [did, { field: 'country', op: '=', value: 'DE' }] }])(
    '%j survives a round trip',
    (filter) => expect(fromGroup(toGroup(filter))).toEqual(filter)
  );
});
