import { describe, expect, test } from 'vitest';

import { displayText } from './displayText';
import { imported } from './imported';
import { FootfallQuery } from './query';
import { Filter } from './query/generated';
import { hasFilter, toggledFilter, withFilter } from './toggledFilter';

const query = (fields: object) => ({ refId: 'A', ...fields }) as FootfallQuery;

test.each([
  [{ queryType: 'sessions', result: 'by', dimension: 'referrer_source' }, 'Sessions: by Referrer source'],
  [{ queryType: 'sessions', project: 'shop' }, 'Sessions: totals (shop)'],
  [
    { queryType: 'funnel', steps: [{ name: 'Home' }, { event: 'sign_up' }, null] },
    'Funnel: Home → sign_up → any event',
  ],
  [
    { queryType: 'trend', series: [{ event: 'buy', measure: 'visitors' }], breakdown: { dimension: 'country' } },
    'Trend: Unique visitors: buy by Country',
  ],
  [
    { queryType: 'events', filter: { not: { field: 'country', op: 'in', values: ['DE', 'AT'] } } },
    'Events: any event: not (Country in DE, AT)',
  ],
  [
    { queryType: 'sessions', filter: { not: { did: { events: { event: 'buy' }, atLeast: 2 } } } },
    'Sessions: totals: not (person did buy at least 2 times)',
  ],
  [
    { queryType: 'sessions', filter: { all: [{ cohort: 'vips' }, { not: { cohort: 'buyers' } }] } },
    'Sessions: totals: person in cohort vips and person not in cohort buyers',
  ],
  [{ queryType: 'cohorts', cohort: ['vips', 'buyers'] }, 'Cohorts: vips, buyers'],
  [{ queryType: 'sql', rawSql: 'SELECT\n  1' }, 'SELECT 1'],
  [{ queryType: 'nope' }, 'nope'],
])('%j reads %s', (fields, text) => expect(displayText(query(fields))).toBe(text));

describe('filters of Explore', () => {
  const is = (field: string, value: string): Filter => ({ field, op: '=', value });
  const not = (field: string, value: string): Filter => ({ field, op: '!=', value });
  const want = (field: string, value: string, isOut = false) => ({ field, value, isOut });
  const filtered = (filter: Filter | undefined) => query({ queryType: 'events', filter });
  const after = (filter: Filter | undefined, ...wanted: Parameters<typeof want>) =>
    (withFilter(filtered(filter), want(...wanted)) as { filter?: Filter }).filter;

  test('keep one value of a field, and leave several out', () => {
    expect(after(undefined, 'country', 'DE')).toEqual(is('country', 'DE'));
    expect(after(is('country', 'SE'), 'country', 'DE')).toEqual(is('country', 'DE'));
    expect(after(not('country', 'SE'), 'country', 'DE')).toEqual(is('country', 'DE'));
    expect(after(not('country', 'SE'), 'country', 'DE', true)).toEqual({
      all: [not('country', 'SE'), not('country', 'DE')],
    });
    expect(after(is('country', 'DE'), 'country', 'DE', true)).toEqual(not('country', 'DE'));
    expect(after(is('os', 'iOS'), 'country', 'DE')).toEqual({ all: [is('os', 'iOS'), is('country', 'DE')] });
  });

  test('are taken back by a second click', () => {
    const once = toggledFilter(filtered(is('os', 'iOS')), want('country', 'DE'));
    expect(hasFilter(once, 'country', 'DE')).toBe(true);
    expect(toggledFilter(once, want('country', 'DE'))).toEqual(filtered(is('os', 'iOS')));
    expect(hasFilter(filtered(undefined), 'country', 'DE')).toBe(false);
  });

  test('leave groups and SQL alone', () => {
    const any = { any: [is('country', 'SE'), is('country', 'NO')] };
    expect(after(any, 'os', 'iOS')).toEqual({ all: [any, is('os', 'iOS')] });
    const sql = query({ queryType: 'sql', rawSql: 'SELECT 1' });
    expect(toggledFilter(sql, want('a', 'b'))).toBe(sql);
  });
});

test('SQL of another data source is carried over, and our own queries are', () => {
  const own = query({ queryType: 'funnel', steps: [] });
  const theirs = { refId: 'B', queryType: 'timeseries', rawSql: 'SELECT 1', format: 1 };
  const builder = { refId: 'C', queryType: 'traces', rawSql: 'SELECT 2' };
  expect(imported([own, theirs, builder, { refId: 'D', expr: 'up' } as never])).toEqual([
    own,
    { refId: 'B', hide: undefined, queryType: 'sql', rawSql: 'SELECT 1' },
    { refId: 'C', hide: undefined, queryType: 'sql', rawSql: 'SELECT 2' },
  ]);
});
