/** A condition on one column or property, in the backend's format (docs/queries/filters.md). */
export interface Test {
  field: string;
  op: string;
  value?: string | number;
  values?: string[];
}

/** A tree of conditions on an event. */
export type Filter = Test | { all: Filter[] } | { any: Filter[] } | { not: Filter };

/** Selects events; empty fields match everything, and any of several names or paths may match. */
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
