import { expect, test } from 'vitest';

import { Filter } from './query/generated';
import { withTraffic } from './traffic';

const de: Filter = { field: 'country', op: '=', value: 'DE' };

test('people and bots become conditions on the bot column', () => {
  expect(withTraffic(undefined, 'people')).toEqual({ field: 'bot', op: 'is not set' });
  expect(withTraffic(de, 'bots')).toEqual({ all: [{ field: 'bot', op: 'is set' }, de] });
});

test('everything adds nothing', () => {
  expect(withTraffic(de, 'everything')).toBe(de);
  expect(withTraffic(de)).toBe(de);
  expect(withTraffic(undefined, '')).toBeUndefined();
});

test('an unknown choice is an error that names it', () => {
  expect(() => withTraffic(de, 'humans')).toThrow('traffic: "humans" is unknown; expected everything, people or bots');
  expect(() => withTraffic(de, 'toString')).toThrow('traffic');
});
