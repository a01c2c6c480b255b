import { expect, test } from 'vitest';

import { alertLabels, whyNoAlert } from './alerting';
import { FootfallQuery, QUERY_TYPES, startingQuery } from './query';

const query = (fields: object) => ({ refId: 'A', ...fields }) as FootfallQuery;

test('lists and streams are no alert rules, everything else is', () => {
  const refused = QUERY_TYPES.map(({ value }) => value).filter((type) => whyNoAlert(query(startingQuery(type))));
  expect(refused).toEqual(['events', 'cohorts', 'live']);
  expect(whyNoAlert(query({ queryType: 'sessions', result: 'list' }))).toContain('list of sessions');
  expect(whyNoAlert(query({ queryType: 'funnel', result: 'actors' }))).toContain('list of people');
});

test('several measures are told apart by a label', () => {
  expect(alertLabels(query({ queryType: 'sessions', result: 'totals' }))).toContain('measure');
  expect(alertLabels(query({ queryType: 'sessions', measures: ['sessions'] }))).toBeUndefined();
  expect(alertLabels(query({ queryType: 'trend' }))).toBeUndefined();
});
