/** A test of one column or property, as the backend reads it (docs/queries/filters.md). */
export interface Test {
  field: string;
  op: string;
  value?: string | number;
  values?: string[];
}

/** A condition on one event: a tree of tests. */
export type Filter = Test | { all: Filter[] } | { any: Filter[] } | { not: Filter };

/** Which events are meant; what is empty matches all, and of several names or paths one is enough. */
export interface EventFilter {
  event?: string | string[];
  path?: string | string[];
  filter?: Filter;
}

export interface AdHocFilter {
  key: string;
  operator: string;
  value: string;
  values?: string[];
}
