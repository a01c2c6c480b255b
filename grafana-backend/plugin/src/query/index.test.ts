import { describe, expect, test } from 'vitest';

import { asked } from '../asked';
import { Filter } from './generated';
import { changeType, FootfallQuery, QUERY_TYPES, startingQuery } from './index';

describe('changing the query type', () => {
  const filter: Filter = { field: 'country', op: '=', value: 'DE' };
  const before: FootfallQuery = { refId: 'B', queryType: 'trend', project: 'website', traffic: 'people', filter };

  test('keeps project, traffic and the visible filter', () => {
    expect(changeType(before, 'sessions')).toMatchObject({ refId: 'B', project: 'website', traffic: 'people', filter });
  });

  test('to SQL keeps none of them, since they would be invisible', () => {
    const sql = changeType(before, 'sql') as unknown as Record<string, unknown>;
    expect([sql.project, sql.traffic, sql.filter]).toEqual([undefined, undefined, undefined]);
    expect(sql.rawSql).toContain('SELECT');
  });
});

test.each(QUERY_TYPES.map(({ value }) => value))('a new query of %s is asked as it stands', (type) => {
  const query = { refId: 'A', ...startingQuery(type) } as FootfallQuery;
  expect(asked(query)).toEqual(query);
});
