import { expect, test } from 'vitest';

import { namesIn, whyNoTables } from './names';

test('names are separated by commas', () => {
  expect(namesIn(' shop.orders ,crm.*,, ')).toEqual(['shop.orders', 'crm.*']);
  expect(namesIn(' , ')).toBeUndefined();
});

test('table names include their database, as the backend requires', () => {
  expect(whyNoTables('shop.orders, crm.*')).toBeUndefined();
  expect(whyNoTables('')).toBeUndefined();
  for (const wrong of ['orders', '.orders', 'shop.']) {
    expect(whyNoTables(`shop.orders, ${wrong}`)).toBe(`"${wrong}" is neither database.table nor database.*`);
  }
  const many = Array.from({ length: 101 }, (_, at) => `shop.t${at}`).join(',');
  expect(whyNoTables(many)).toBe('101 tables; at most 100 are allowed');
});
