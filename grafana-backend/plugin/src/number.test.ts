import { expect, test } from 'vitest';

import { integerWithin } from './number';

test('an integer within the limits, or undefined', () => {
  expect(integerWithin(' 20 ', 1, 100)).toBe(20);
  expect(integerWithin('1', 1, 100)).toBe(1);
  expect(integerWithin('100', 1, 100)).toBe(100);
  for (const text of ['', ' ', '0', '101', '-5', '2.5', '1e1', '0x1', 'ten', '1,000']) {
    expect(integerWithin(text, 1, 100), text).toBeUndefined();
  }
});
