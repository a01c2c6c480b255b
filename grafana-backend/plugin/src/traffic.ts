import { Filter } from './query/filter';

/** Whose events count, as the editor and a dashboard's variable name it. */
const TESTS: Record<string, Filter | undefined> = {
  '': undefined,
  everything: undefined,
  people: { field: 'bot', op: 'is not set' },
  bots: { field: 'bot', op: 'is set' },
};

/**
 * A query's filter with the choice of traffic in it: for the backend it is a test like any other. A choice that does not
 * exist is an error, as the numbers of everybody would pass for those of people.
 */
export function withTraffic(filter: Filter | undefined, traffic = ''): Filter | undefined {
  if (!Object.hasOwn(TESTS, traffic)) {
    throw new Error(`traffic: ${JSON.stringify(traffic)} is not known: everything, people or bots`);
  }
  const test = TESTS[traffic];
  return test && filter ? { all: [test, filter] } : (test ?? filter);
}
