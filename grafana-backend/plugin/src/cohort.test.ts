import { expect, test } from 'vitest';

import { cohortLeaf, cohortOf, cohortText, isCohortLeaf, isOutside, UNFINISHED_COHORT } from './cohort';
import { finished, fromGroup, isGroup, toGroup } from './filters';
import { PersonFilter } from './query/generated';

test.each([false, true])('who is in a cohort, or is not: %s', (outside) => {
  const leaf = cohortLeaf('vips', outside);
  expect(isCohortLeaf(leaf)).toBe(true);
  expect([cohortOf(leaf), isOutside(leaf)]).toEqual(['vips', outside]);
  expect(cohortText(leaf)).toBe(outside ? 'person not in cohort vips' : 'person in cohort vips');
  // One row of the editor, not a group of one.
  expect(toGroup(leaf).children).toEqual([leaf]);
  expect(toGroup({ all: [leaf, { field: 'os' }] }).children.some(isGroup)).toBe(false);
});

test.each<PersonFilter>([
  { cohort: 'vips' },
  { not: { cohort: 'vips' } },
  { any: [{ not: { cohort: 'vips' } }, { field: 'country', op: '=', value: 'DE' }] },
  { not: { all: [{ cohort: 'a' }, { did: { atLeast: 2 } }] } },
])('%j survives a round trip, and is sent', (filter) => {
  expect(fromGroup(toGroup(filter))).toEqual(filter);
  expect(finished(filter)).toEqual(filter);
});

test('it is not sent before it names one', () => {
  expect(finished<PersonFilter>(UNFINISHED_COHORT)).toBeUndefined();
  expect(finished<PersonFilter>({ not: { cohort: ' ' } })).toBeUndefined();
  expect(finished<PersonFilter>({ any: [{ cohort: '' }, { cohort: 'a' }] })).toEqual({ any: [{ cohort: 'a' }] });
});
