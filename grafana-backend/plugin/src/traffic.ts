import { Filter, PersonFilter } from './query/generated';

/** Whose events count, by the names used in the editor and in dashboard variables. */
const TESTS: Record<string, Filter | undefined> = {
  '': undefined,
  everything: undefined,
  people: { field: 'bot', op: 'is not set' },
  bots: { field: 'bot', op: 'is set' },
};

/**
 * Adds the traffic choice to a query's filter; for the backend it is a condition like any other. An unknown choice is
 * an error: otherwise everybody's numbers would be mistaken for those of people.
 */
export function withTraffic(filter: PersonFilter | undefined, traffic = ''): PersonFilter | undefined {
  if (!Object.hasOwn(TESTS, traffic)) {
    throw new Error(`traffic: ${JSON.stringify(traffic)} is unknown; expected everything, people or bots`);
  }
  const test = TESTS[traffic];
  return test && filter ? { all: [test, filter] } : (test ?? filter);
}
