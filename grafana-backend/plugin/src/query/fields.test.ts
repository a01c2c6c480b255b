import { expect, test } from 'vitest';

import description from './fields.json';
import { fieldsOf, FieldKind } from './fields';
import { CommonQuery, ScopedQuery } from './common';
import { FootfallQuery, KINDS, QueryOf, QueryType } from './index';

/** Fails the type check unless two types have the same names. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : { missing: Exclude<B, A> }) : { unknown: Exclude<A, B> };
type Own<T extends QueryType> = Exclude<keyof QueryOf<T>, T extends 'sql' ? keyof CommonQuery : keyof ScopedQuery>;
type Described<T extends QueryType> = keyof (typeof description.types)[T];

test('the union has exactly the types and fields of fields.json', () => {
  // Nothing runs here: a field that exists on one side only does not compile.
  const types: Same<QueryType, keyof typeof description.types> = true;
  const own: { [T in QueryType]: Same<Own<T>, Described<T>> } = {
    sessions: true,
    funnel: true,
    trend: true,
    retention: true,
    lifecycle: true,
    stickiness: true,
    paths: true,
    events: true,
    annotations: true,
    spikes: true,
    live: true,
    sql: true,
  };
  // `traffic` is sent as a condition of the filter.
  const scope: Same<
    Exclude<keyof ScopedQuery, 'refId' | 'hide' | 'key' | 'queryType' | 'datasource' | 'traffic'>,
    keyof typeof description.scope
  > = true;
  expect([types, scope, ...Object.values(own)].every(Boolean)).toBe(true);
  expect(Object.keys(KINDS).sort()).toEqual(Object.keys(description.types).sort());
});

test('every kind of field is known', () => {
  const known: FieldKind[] = [
    'string',
    'strings',
    'integer',
    'boolean',
    'comparison',
    'oneOf',
    'filter',
    'event',
    'events',
    'breakdown',
    'adhoc',
    'sql',
    'variables',
  ];
  for (const queryType of Object.keys(KINDS)) {
    for (const [name, kind] of fieldsOf({ refId: 'A', queryType } as FootfallQuery)) {
      expect(known, `${queryType}.${name}`).toContain(kind);
    }
  }
});
