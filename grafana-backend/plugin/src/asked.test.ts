import { describe, expect, test } from 'vitest';

import { asked, isComplete, isWorthAsking } from './asked';
import { FootfallQuery } from './query';

/** A query as a file may contain it: any type, any fields. */
const query = (fields: Record<string, unknown>): any => ({ refId: 'A', ...fields });
const names = (of: FootfallQuery) => Object.keys(of).sort();
const unfinished = { field: '', op: '=' };

describe("only a type's own fields are sent", () => {
  const everything = {
    project: 'website',
    filter: { field: 'country', op: '=', value: 'DE' },
    event: 'view',
    eventFilter: { field: 'country', op: '=', value: 'DE' },
    interval: 'day',
    limit: 5,
    dimension: 'country',
    breakdown: { dimension: 'country' },
    steps: [{ event: 'a' }, { event: 'b' }],
    rawSql: 'SELECT 1',
    variables: { a: 'b' },
    result: '',
  };

  test.each([
    ['sessions', ['filter', 'project', 'result']],
    ['funnel', ['breakdown', 'filter', 'project', 'result', 'steps']],
    ['trend', ['breakdown', 'filter', 'interval', 'project', 'result']],
    ['retention', ['filter', 'interval', 'project']],
    ['lifecycle', ['event', 'eventFilter', 'filter', 'interval', 'project']],
    ['events', ['event', 'eventFilter', 'filter', 'limit', 'project']],
    ['cohorts', ['filter', 'limit', 'project']],
    ['live', ['filter', 'project', 'result']],
    ['sql', ['rawSql', 'variables']],
  ])('%s', (queryType, own) => {
    const sent = asked(query({ ...everything, queryType }));
    expect(names(sent)).toEqual([...own, 'queryType', 'refId'].sort());
  });

  test('fields of another result are omitted too', () => {
    const by = asked(query({ queryType: 'sessions', result: 'by', dimension: 'country', interval: 'day', limit: 5 }));
    expect(names(by)).toEqual(['dimension', 'limit', 'queryType', 'refId', 'result']);
    const actors = asked(
      query({ queryType: 'funnel', result: 'actors', breakdown: { dimension: 'country' }, step: 2 })
    );
    expect(names(actors)).toEqual(['queryType', 'refId', 'result', 'step']);
  });

  test('a half-life is sent only with a model that has one', () => {
    const sent = (models?: string[]) => names(asked(query({ queryType: 'attribution', models, halfLifeDays: 3 })));
    expect(sent(['first'])).not.toContain('halfLifeDays');
    expect(sent(['first', 'time_decay'])).toContain('halfLifeDays');
    expect(sent()).toContain('halfLifeDays');
  });

  test("a funnel's list of steps is never sent as paths' number of steps, or vice versa", () => {
    expect(asked(query({ queryType: 'paths', steps: [{ event: 'a' }] })).steps).toBeUndefined();
    expect(asked(query({ queryType: 'funnel', steps: 4 })).steps).toBeUndefined();
  });

  test('a step without a previous step has no window and is not optional', () => {
    const step = { event: 'a', windowMs: 5, optional: true };
    const steps = (order: string) => asked(query({ queryType: 'funnel', order, steps: [step, step] })).steps;
    expect(steps('ordered')).toEqual([{ event: 'a' }, step]);
    expect(steps('any')).toEqual([{ event: 'a' }, { event: 'a' }]);
  });
});

describe('incomplete input', () => {
  test('is not sent, wherever it is', () => {
    const filter = unfinished;
    expect(asked(query({ queryType: 'trend', filter })).filter).toBeUndefined();
    expect(asked(query({ queryType: 'lifecycle', eventFilter: filter })).eventFilter).toBeUndefined();
    expect(asked(query({ queryType: 'funnel', steps: [{ event: 'a', filter }] })).steps).toEqual([{ event: 'a' }]);
    expect(asked(query({ queryType: 'trend', series: [{ event: 'a', filter }] })).series).toEqual([{ event: 'a' }]);
    expect(asked(query({ queryType: 'retention', start: { filter } })).start).toEqual({});
    expect(asked(query({ queryType: 'paths', anchor: { filter } })).anchor).toBeUndefined();
    expect(asked(query({ queryType: 'funnel', exclusions: [{ event: '', filter }] })).exclusions).toEqual([]);
  });

  test('does not run the query', () => {
    const before = query({ queryType: 'sessions', result: 'totals' });
    expect(isWorthAsking(before, { ...before, filter: unfinished })).toBe(false);
    expect(isWorthAsking(before, { ...before, filter: { field: 'country', op: '=', value: 'DE' } })).toBe(true);
    const funnel = query({ queryType: 'funnel', steps: [{ event: 'a' }, { event: 'b' }] });
    expect(isWorthAsking(funnel, { ...funnel, steps: [{ event: 'a' }, { event: 'b' }, { event: '' }] })).toBe(false);
  });
});

test('complete queries can run', () => {
  expect(isComplete(query({ queryType: 'sql', rawSql: ' ' }))).toBe(false);
  expect(isComplete(query({ queryType: 'sql', rawSql: 'SELECT 1' }))).toBe(true);
  expect(isComplete(query({ queryType: 'funnel', steps: [] }))).toBe(false);
  expect(isComplete(query({ queryType: 'attribution', conversion: { event: '' } }))).toBe(false);
  expect(isComplete(query({ queryType: 'attribution', conversion: { event: 'a' } }))).toBe(true);
  expect(isComplete(query({ queryType: 'live' }))).toBe(true);
});

describe('queries from files', () => {
  test('an unknown field is sent, so that the backend reports it', () => {
    expect(asked(query({ queryType: 'funnel', conversionWindowMS: 5 })).conversionWindowMS).toBe(5);
  });

  test('an unknown type is sent, so that the backend lists the known ones', () => {
    const unknown = query({ queryType: 'sesions', result: 'totals' });
    expect(asked(unknown)).toEqual(unknown);
    expect(isComplete(unknown)).toBe(true);
  });

  test('the default type is sessions', () => {
    expect(asked(query({ result: 'totals' })).queryType).toBe('sessions');
    expect(asked(query({ queryType: '' })).queryType).toBe('sessions');
  });

  test("every type sends the viewer's time zone", () => {
    for (const queryType of ['sessions', 'live', 'sql']) {
      expect(asked(query({ queryType, timezone: 'Asia/Tokyo' })).timezone).toBe('Asia/Tokyo');
    }
  });

  test.each([
    { filter: 'country = DE' },
    { filter: { all: 'DE' } },
    { filter: { any: [null, 5] } },
    { steps: [null, 'a'] },
    { exclusions: [null] },
  ])('%j does not throw', (wrong) => {
    expect(() => asked(query({ queryType: 'funnel', steps: [{ event: 'a' }], ...wrong }))).not.toThrow();
    expect(() => isWorthAsking(query({}), query({ queryType: 'funnel', ...wrong }))).not.toThrow();
  });

  test('a malformed filter is sent unchanged', () => {
    expect(asked(query({ queryType: 'trend', filter: 'country = DE' })).filter).toBe('country = DE');
    expect(asked(query({ queryType: 'trend', filter: { all: 'DE' } })).filter).toEqual({ all: 'DE' });
  });
});
