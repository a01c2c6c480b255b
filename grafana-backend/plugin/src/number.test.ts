import { expect, test } from 'vitest';

import { wholeNumber } from './number';

test('a number within its limits, or none', () => {
  expect(wholeNumber(' 20 ', 1, 100)).toBe(20);
  expect(wholeNumber('1', 1, 100)).toBe(1);
  expect(wholeNumber('100', 1, 100)).toBe(100);
  for (const text of ['', ' ', '0', '101', '-5', '2.5', '1e1', '0x1', 'ten', '1,000']) {
    expect(wholeNumber(text, 1, 100), text).toBeUndefined();
  }
});
