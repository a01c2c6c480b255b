import { describe, expect, test } from 'vitest';

import { finished, fromGroup, toGroup, UNFINISHED, withOperator } from './filters';
import { Filter } from './query/generated';

const de: Filter = { field: 'country', op: '=', value: 'DE' };
const blog: Filter = { field: 'path', op: 'wildcard', value: '/blog/*' };

describe('incomplete conditions are not sent', () => {
  test.each<[string, Filter]>([
    ['a condition without a field', UNFINISHED],
    ['a condition without a value', { field: 'country', op: '=' }],
    ['an empty list', { field: 'country', op: 'in', values: [] }],
    ['an empty search, which everything matches', { field: 'title', op: 'contains', value: '' }],
    ['an empty pattern', { field: 'title', op: '!~', value: ' ' }],
    ['a comparison with nothing', { field: 'property:items', op: '>', value: '' }],
    ['groups of such conditions', { any: [{ not: { all: [UNFINISHED] } }] }],
  ])('%s', (_, filter) => expect(finished(filter)).toBeUndefined());

  test('complete conditions next to them stay', () => {
    expect(finished({ all: [de, UNFINISHED, { any: [UNFINISHED] }] })).toEqual({ all: [de] });
    expect(finished({ not: { any: [UNFINISHED, blog] } })).toEqual({ not: { any: [blog] } });
  });

  test.each<Filter>([
    { field: 'user_id', op: 'is not set' },
    { field: 'country', op: '=', value: '' },
    { field: 'property:items', op: '>', value: 0 },
    { field: 'country', op: 'in', values: ['DE'] },
  ])('but %o is a condition', (filter) => expect(finished(filter)).toEqual(filter));
});

describe('the editor shows the tree unchanged', () => {
  test('a negated group is negated', () => {
    expect(toGroup({ not: { any: [de, blog] } })).toEqual({ any: true, negated: true, children: [de, blog] });
    expect(toGroup({ not: de })).toEqual({ any: false, negated: true, children: [de] });
    expect(toGroup({ all: [de, { not: blog }] }).children[1]).toEqual({ any: false, negated: true, children: [blog] });
  });

  test('a double negation cancels out', () => {
    expect(toGroup({ not: { not: de } })).toEqual({ any: false, negated: false, children: [de] });
  });

  test.each<Filter>([
    de,
    { not: de },
    { all: [de, blog] },
    { not: { all: [de, blog] } },
    { any: [de, { not: { any: [blog, de] } }] },
  ])('%o survives a round trip', (filter) => expect(fromGroup(toGroup(filter))).toEqual(filter));

  test('no filter stays no filter', () => {
    expect(fromGroup(toGroup(undefined))).toBeUndefined();
    expect(fromGroup({ any: true, negated: true, children: [] })).toBeUndefined();
  });
});

test('changing the operator keeps the value', () => {
  expect(withOperator({ field: 'country', op: '=', value: 'DE' }, 'not in')).toEqual({
    field: 'country',
    op: 'not in',
    values: ['DE'],
  });
  expect(withOperator({ field: 'country', op: 'in', values: ['DE', 'AT'] }, '!=').value).toBe('DE');
  expect(withOperator({ field: 'country', op: '=', value: 'DE' }, 'is set')).toEqual({
    field: 'country',
    op: 'is set',
  });
});
