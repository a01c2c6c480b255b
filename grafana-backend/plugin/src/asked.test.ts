import { describe, expect, test } from 'vitest';

import { asked, isComplete, isWorthAsking } from './asked';
import { FootfallQuery } from './query';

/** As a file may have it: of any type, with anything in it. */
const query = (fields: Record<string, unknown>): any => ({ refId: 'A', ...fields });
const names = (of: FootfallQuery) => Object.keys(of).sort();
const unfinished = { field: '', op: '=' };

describe("only a type's own fields are asked", () => {
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
    ['live', ['filter', 'project', 'result']],
    ['sql', ['rawSql', 'variables']],
  ])('%s', (queryType, own) => {
    const sent = asked(query({ ...everything, queryType }));
    expect(names(sent)).toEqual([...own, 'queryType', 'refId'].sort());
  });

  test('those of another result are left out as well', () => {
    const by = asked(query({ queryType: 'sessions', result: 'by', dimension: 'country', interval: 'day', limit: 5 }));
    expect(names(by)).toEqual(['dimension', 'limit', 'queryType', 'refId', 'result']);
    const actors = asked(
      query({ queryType: 'funnel', result: 'actors', breakdown: { dimension: 'country' }, step: 2 })
    );
    expect(names(actors)).toEqual(['queryType', 'refId', 'result', 'step']);
  });

  test("a funnel's steps are no number of paths' steps, and the other way round", () => {
    expect(asked(query({ queryType: 'paths', steps: [{ event: 'a' }] })).steps).toBeUndefined();
    expect(asked(query({ queryType: 'funnel', steps: 4 })).steps).toBeUndefined();
  });

  test('no step has a window or can be left out where there is none before it', () => {
    const step = { event: 'a', windowMs: 5, optional: true };
    const steps = (order: string) => asked(query({ queryType: 'funnel', order, steps: [step, step] })).steps;
    expect(steps('ordered')).toEqual([{ event: 'a' }, step]);
    expect(steps('any')).toEqual([{ event: 'a' }, { event: 'a' }]);
  });
});

describe('what somebody has only begun', () => {
  test('is not asked, wherever it stands', () => {
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

test('there is something to ask', () => {
  expect(isComplete(query({ queryType: 'sql', rawSql: ' ' }))).toBe(false);
  expect(isComplete(query({ queryType: 'sql', rawSql: 'SELECT 1' }))).toBe(true);
  expect(isComplete(query({ queryType: 'funnel', steps: [] }))).toBe(false);
  expect(isComplete(query({ queryType: 'live' }))).toBe(true);
});

describe('what a file may have', () => {
  test('a field that no type has is sent, and the backend names it', () => {
    expect(asked(query({ queryType: 'funnel', conversionWindowMS: 5 })).conversionWindowMS).toBe(5);
  });

  test('a type that does not exist is sent, and the backend lists those that do', () => {
    const unknown = query({ queryType: 'sesions', result: 'totals' });
    expect(asked(unknown)).toEqual(unknown);
    expect(isComplete(unknown)).toBe(true);
  });

  test('no type is sessions', () => {
    expect(asked(query({ result: 'totals' })).queryType).toBe('sessions');
    expect(asked(query({ queryType: '' })).queryType).toBe('sessions');
  });

  test("the viewer's zone is sent by every type", () => {
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
  ])('%j breaks nothing here', (wrong) => {
    expect(() => asked(query({ queryType: 'funnel', steps: [{ event: 'a' }], ...wrong }))).not.toThrow();
    expect(() => isWorthAsking(query({}), query({ queryType: 'funnel', ...wrong }))).not.toThrow();
  });

  test('a filter of another form is sent as it is', () => {
    expect(asked(query({ queryType: 'trend', filter: 'country = DE' })).filter).toBe('country = DE');
    expect(asked(query({ queryType: 'trend', filter: { all: 'DE' } })).filter).toEqual({ all: 'DE' });
  });
});
