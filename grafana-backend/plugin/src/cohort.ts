import { PersonFilter } from './query/generated';

/** A condition on the cohort that an event's person is in, or is not in. */
export type CohortLeaf = { cohort: string } | { not: { cohort: string } };

/** The condition the editor starts with; not sent until it names a cohort. */
export const UNFINISHED_COHORT: CohortLeaf = { cohort: '' };

export const isCohort = (filter: PersonFilter): filter is { cohort: string } =>
  'cohort' in filter && typeof filter.cohort === 'string';

export const isCohortLeaf = (filter: PersonFilter): filter is CohortLeaf =>
  isCohort(filter) ||
  ('not' in filter && typeof filter.not === 'object' && filter.not !== null && isCohort(filter.not));

/** Whether it is about those who are not in it. */
export const isOutside = (leaf: CohortLeaf): leaf is { not: { cohort: string } } => 'not' in leaf;

export const cohortOf = (leaf: CohortLeaf): string => (isOutside(leaf) ? leaf.not.cohort : leaf.cohort);

export const cohortLeaf = (cohort: string, outside: boolean): CohortLeaf =>
  outside ? { not: { cohort } } : { cohort };

/** The condition in words. */
export const cohortText = (leaf: CohortLeaf): string =>
  `person ${isOutside(leaf) ? 'not ' : ''}in cohort ${cohortOf(leaf)}`;
