import { expect, test } from 'vitest';

import { withTraffic } from './traffic';

const de = { field: 'country', op: '=', value: 'DE' };

test('people and bots are tests of the column that marks bots', () => {
  expect(withTraffic(undefined, 'people')).toEqual({ field: 'bot', op: 'is not set' });
  expect(withTraffic(de, 'bots')).toEqual({ all: [{ field: 'bot', op: 'is set' }, de] });
});

test('everything adds nothing', () => {
  expect(withTraffic(de, 'everything')).toBe(de);
  expect(withTraffic(de)).toBe(de);
  expect(withTraffic(undefined, '')).toBeUndefined();
});

test('another choice is an error that names it', () => {
  expect(() => withTraffic(de, 'humans')).toThrow('traffic: "humans" is not known: everything, people or bots');
  expect(() => withTraffic(de, 'toString')).toThrow('traffic');
});
