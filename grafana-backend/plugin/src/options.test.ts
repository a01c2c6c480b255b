import { expect, test } from 'vitest';

import { meantValue } from './options';

const options = [
  { value: 'people', label: 'People' },
  { value: 'bots', label: 'Bots only' },
];

test('an option can be typed by its name', () => {
  for (const typed of ['people', 'People', ' PEOPLE ']) {
    expect(meantValue(options, typed)).toBe('people');
  }
  expect(meantValue(options, 'bots only')).toBe('bots');
});

test('and a variable stays what it is', () => {
  expect(meantValue(options, ' $Traffic')).toBe('$Traffic');
});
