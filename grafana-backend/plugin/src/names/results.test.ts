import type { DataFrame, FieldType } from '@grafana/data';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { FootfallQuery, startingQuery } from '../query';
import { columnMeant, columnName, COLUMNS, isDimension } from './columns';
import { nameColumns } from './results';

const frame = (names: string[], labels?: Record<string, string>): DataFrame => ({
  refId: 'A',
  length: 0,
  fields: names.map((name) => ({ name, labels, type: 'number' as FieldType, config: {}, values: [] })),
});

/** The names as panels show them unless their settings have others. */
function shown(query: object, names: string[], labels?: Record<string, string>): Array<string | undefined> {
  const of = frame(names, labels);
  nameColumns([of], [{ refId: 'A', ...query } as FootfallQuery]);
  return of.fields.map(({ config }) => config.displayNameFromDS);
}

test('results are named for people', () => {
  expect(shown({ queryType: 'sessions' }, ['time', 'avg_duration_s', 'bounce_rate'])).toEqual([
    'Time',
    'Average duration',
    'Bounce rate',
  ]);
  expect(shown({ queryType: 'funnel' }, ['step', 'rate'])).toEqual(['Step', 'Conversion rate']);
  expect(shown({ queryType: 'retention' }, ['cohort', 'rate'])).toEqual(['Cohort', 'Retention']);
  expect(shown({ queryType: 'attribution' }, ['channel', 'touched', 'last_non_direct'])).toEqual([
    'Entry channel',
    'Conversions with it',
    'Last non-direct session',
  ]);
});

test('an earlier range is named', () => {
  const query = { queryType: 'sessions', compare: 'week' };
  expect(shown(query, ['sessions', 'previous_sessions', 'change_sessions'])).toEqual([
    'Sessions',
    'Sessions, 1 week earlier',
    'Sessions, change',
  ]);
  expect(shown({ ...query, compare: true }, ['previous_events'])).toEqual(['Events, previous period']);
});

test('a trend is named by what it counts, and a series of a breakdown by its value', () => {
  const trend = { queryType: 'trend', compare: '4_weeks', series: [{ event: 'sign_up', measure: 'visitors' }] };
  expect(shown(trend, ['value', 'previous'])).toEqual([
    'Unique visitors: sign_up',
    'Unique visitors: sign_up, 4 weeks earlier',
  ]);
  expect(shown({ ...trend, series: [{}, {}], formula: 'A / B' }, ['value'])).toEqual(['A / B']);
  // Grafana names it by its label.
  expect(shown(trend, ['Value'], { country: 'DE' })).toEqual([undefined]);
  expect(shown(trend, ['previous'], { country: 'DE' })).toEqual(['DE, 4 weeks earlier']);
});

test('the columns of SQL keep their names, and unknown ones do', () => {
  expect(shown(startingQuery('sql'), ['avg_duration_s'])).toEqual([undefined]);
  expect(shown({ queryType: 'events' }, ['plan', 'toString'])).toEqual(['plan', 'toString']);
  expect(columnName('property:plan')).toBe('plan');
});

test('a column is meant by its name for people too', () => {
  expect(['Referrer source', ' country ', 'utm_term', 'property:Country', '$dimension'].map(columnMeant)).toEqual([
    'referrer_source',
    'country',
    'utm_term',
    'property:Country',
    '$dimension',
  ]);
});

test('no two columns of one list have the same name but those that mean the same', () => {
  const names = Object.entries(COLUMNS).filter(([column]) => column !== 'mature');
  expect(new Set(names.map(([, name]) => name)).size).toBe(names.length);
});

test("the columns to filter by are the backend's", () => {
  const source = readFileSync(join(import.meta.dirname, '../../../src/events/dimension.rs'), 'utf8');
  const [, list] = source.match(/const COLUMNS: \[&str; \d+\] = \[([^\]]*)\]/)!;
  const backend = [...list.matchAll(/"(\w+)"/g)].map(([, name]) => name);
  expect(backend.length).toBeGreaterThan(20);
  expect(Object.keys(COLUMNS).filter(isDimension).sort()).toEqual(backend.sort());
});

test('a value of such a column can be filtered by, but not one of what a session began with', () => {
  const of = { ...frame(['country', 'visitor']) };
  of.fields.forEach((field) => (field.type = 'string' as FieldType));
  const filterable = (query: object) => {
    nameColumns([of], [{ refId: 'A', ...query } as FootfallQuery]);
    return of.fields.map(({ config }) => config.filterable);
  };
  expect(filterable({ queryType: 'events' })).toEqual([true, undefined]);
  const split = { queryType: 'funnel', breakdown: { dimension: 'session:country' } };
  expect(filterable(split)).toEqual([undefined, undefined]);
  expect(shown(split, ['country', 'step'])).toEqual(['Entry country', 'Step']);
});
