import { expect, test } from 'vitest';

import { meantValue } from './options';

const options = [
  { value: 'people', label: 'People' },
  { value: 'bots', label: 'Bots only' },
];

test('an option can be entered by its label', () => {
  for (const typed of ['people', 'People', ' PEOPLE ']) {
    expect(meantValue(options, typed)).toBe('people');
  }
  expect(meantValue(options, 'bots only')).toBe('bots');
});

test('a variable stays unchanged', () => {
  expect(meantValue(options, ' $Traffic')).toBe('$Traffic');
});
