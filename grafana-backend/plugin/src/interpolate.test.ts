import { AdHocVariableFilter } from '@grafana/data';
import { describe, expect, test } from 'vitest';

import { fillIn } from './interpolate';
import { templates } from './testing';
import { FootfallQuery } from './query';
import { Filter, Operator, Test } from './query/generated';

const variables = templates({
  country: ['DE', 'AT'],
  one: 'SE',
  id: ['7', '8'],
  traffic: 'people',
  empty: '',
  limits: ['1', '2'],
});
const filled = (query: Record<string, unknown>, adhoc: AdHocVariableFilter[] = []) =>
  fillIn({ refId: 'A', ...query } as unknown as FootfallQuery, variables, {}, adhoc) as unknown as Record<
    string,
    unknown
  >;
const filtered = (filter: Filter) => filled({ queryType: 'trend', filter }).filter;

describe('a variable in a filter', () => {
  test.each<Operator>(['=', '!=', 'in', 'not in', 'contains', 'not contains', 'wildcard', 'not wildcard', '=~', '!~'])(
    'with several values matches any of them, or none of them when negated (%s)',
    (op) =>
      expect(filtered({ field: 'country', op, value: '$country' })).toEqual({
        field: 'country',
        op,
        values: ['DE', 'AT'],
      })
  );

  test('keeps the text around it', () => {
    expect(filtered({ field: 'path', op: '!=', value: '/p/$id' })).toEqual({
      field: 'path',
      op: '!=',
      values: ['/p/7', '/p/8'],
    });
    expect(filtered({ field: 'path', op: 'in', values: ['/', '/p/$id'] })).toEqual({
      field: 'path',
      op: 'in',
      values: ['/', '/p/7', '/p/8'],
    });
  });

  test('with one value stays a single value', () => {
    expect(filtered({ field: 'country', op: '!=', value: '$one' })).toEqual({
      field: 'country',
      op: '!=',
      value: 'SE',
    });
  });

  test('in a comparison becomes one condition per number', () => {
    const than = (value: string): Test => ({ field: 'property:items', op: '>', value });
    expect(filtered(than('$limits'))).toEqual({ any: [than('1'), than('2')] });
  });

  test('can be empty, and then drops a search condition', () => {
    expect(filtered({ all: [{ field: 'title', op: 'contains', value: '$empty' }] })).toBeUndefined();
  });

  test('is interpolated at every depth', () => {
    expect(filtered({ not: { any: [{ field: 'path', op: '=', value: '/p/$id' }] } })).toEqual({
      not: { any: [{ field: 'path', op: '=', values: ['/p/7', '/p/8'] }] },
    });
  });
});

describe('events and paths', () => {
  test('of a step become a list with several values, keeping the prefix', () => {
    const { steps } = filled({ queryType: 'funnel', steps: [{ event: 'view' }, { path: '/p/$id' }] });
    expect(steps).toMatchObject([{ event: 'view' }, { path: ['/p/7', '/p/8'] }]);
  });

  test('of series, anchors and the query itself work too', () => {
    expect(filled({ queryType: 'trend', series: [{ path: '/p/$id' }] }).series).toMatchObject([
      { path: ['/p/7', '/p/8'] },
    ]);
    expect(filled({ queryType: 'paths', anchor: { path: '/p/$id' } }).anchor).toMatchObject({ path: ['/p/7', '/p/8'] });
    expect(filled({ queryType: 'events', path: '/p/$id' }).path).toEqual(['/p/7', '/p/8']);
  });

  test('of cohorts, one of several is enough', () => {
    const filter = (cohort: string) => filled({ queryType: 'trend', filter: { not: { cohort } } });
    expect(filter('c$id').filter).toEqual({ not: { any: [{ cohort: 'c7' }, { cohort: 'c8' }] } });
    expect(filter('vips').filter).toEqual({ not: { cohort: 'vips' } });
  });

  test('that persons did work too', () => {
    const filter = { field: 'country', op: '=', value: '$one' };
    expect(
      filled({ queryType: 'trend', filter: { not: { did: { events: { path: '/p/$id', filter }, atLeast: 2 } } } })
        .filter
    ).toEqual({
      not: { did: { events: { path: ['/p/7', '/p/8'], filter: { ...filter, value: 'SE' } }, atLeast: 2 } },
    });
  });
});

describe('traffic', () => {
  test('becomes a filter condition instead of a field for the backend', () => {
    const { filter, traffic } = filled({ queryType: 'sessions', traffic: '$traffic' });
    expect(filter).toEqual({ field: 'bot', op: 'is not set' });
    expect(traffic).toBeUndefined();
  });
});

describe('sql', () => {
  const bound = (rawSql: string) => filled({ queryType: 'sql', rawSql }).variables;

  test('binds the variables that it names', () => {
    expect(bound('SELECT {one:String}, {other:String}')).toEqual({ one: 'SE' });
  });

  test('an array contains every value, numbers without quotes', () => {
    expect(bound('SELECT {country : Array(String)}')).toEqual({ country: ['DE', 'AT'] });
    expect(bound('SELECT {id:Array(UInt64)}')).toEqual({ id: '[7,8]' });
    expect(bound('SELECT {one:Array(String)}')).toEqual({ one: ['SE'] });
  });

  test('binds what it writes as $name, without changing the statement', () => {
    const rawSql = "SELECT '$one' WHERE country IN ($country) AND id = ${id:raw} AND [[one]] -- $__from $other";
    expect(filled({ queryType: 'sql', rawSql })).toMatchObject({
      rawSql,
      variables: { one: 'SE', country: ['DE', 'AT'], id: ['7', '8'] },
    });
  });

  test('says for which variables all values are chosen', () => {
    const every = templates({ every: ['a', 'b'] }, { every: { multi: true, current: { value: ['$__all'] } } });
    const sql = { refId: 'A', queryType: 'sql', rawSql: '$__conditionalAll(x IN ($every), $every)' } as FootfallQuery;
    expect(fillIn(sql, every, {})).toMatchObject({ variables: { every: ['a', 'b'] }, allSelected: ['every'] });
    expect(fillIn(sql, templates({ every: ['a'] }, { every: { multi: true } }), {})).toMatchObject({
      variables: { every: ['a'] },
      allSelected: undefined,
    });
  });

  test('has the ad hoc filters, but no filter from another query type', () => {
    const query = {
      queryType: 'sql',
      rawSql: 'SELECT 1',
      filter: { field: 'country', op: '=', value: 'DE' },
    };
    const adhoc = [{ key: 'country', operator: '=', value: 'DE' }];
    const { filter, adhocFilters } = filled(query, adhoc);
    expect([filter, adhocFilters]).toEqual([undefined, [{ ...adhoc[0], values: undefined }]]);
  });
});

test("the dashboard's ad hoc filters follow the query's own", () => {
  const own = { key: 'browser', operator: '=', value: 'Firefox' };
  const adhoc = { key: 'country', operator: '=|', value: 'DE', values: ['DE', 'AT'] };
  expect(filled({ queryType: 'trend', adhocFilters: [own] }, [adhoc]).adhocFilters).toEqual([own, adhoc]);
});

test('malformed queries do not throw', () => {
  for (const wrong of [
    { filter: 'x' },
    { filter: { any: [null, { not: 5 }] } },
    { steps: [null] },
    { event: 5 },
    { filter: { field: 5, values: [1] } },
  ]) {
    expect(() => filled({ queryType: 'funnel', ...wrong }), JSON.stringify(wrong)).not.toThrow();
    expect(() => filled({ queryType: 'events', ...wrong }), JSON.stringify(wrong)).not.toThrow();
  }
  expect(filled({ queryType: 'sesions' })).toEqual({ refId: 'A', queryType: 'sesions' });
});
