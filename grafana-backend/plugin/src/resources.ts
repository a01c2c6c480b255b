import { DataSourceWithBackend } from '@grafana/runtime';

import { FootfallQuery } from './query';

/** The backend's suggestions: names from the data, most frequent first. */
export interface Suggestions {
  projects(): Promise<string[]>;
  dimensions(): Promise<string[]>;
  events(project: string, search?: string): Promise<string[]>;
  properties(project: string, search?: string): Promise<string[]>;
  values(project: string, field: string, search?: string): Promise<string[]>;
  /** Named cohorts, by name. */
  cohorts(project: string, search?: string): Promise<Cohort[]>;
  /** The tables that SQL may read. */
  schema(): Promise<Table[]>;
}

/** A named cohort; how large it is says the query type `cohorts`. */
export interface Cohort {
  name: string;
  kind: 'list' | 'definition';
  description: string;
}

/** A table with its columns. */
export interface Table {
  name: string;
  columns: Array<{ name: string; type: string; comment: string }>;
}

/** A query's statement and estimated cost, without running it. */
export interface Plan {
  sql: string;
  parameters: Record<string, unknown>;
  rows: number;
  parts: number;
  marks: number;
}

/** The part of the data source that reaches the backend. */
type Backend = Pick<DataSourceWithBackend, 'getResource' | 'postResource'>;

/** Requests suggestions from the backend and caches them for a minute. */
export function suggestions(datasource: Backend): Suggestions {
  const cache = new Map<string, { at: number; answer: Promise<unknown> }>();
  const ask = <T = string[]>(path: string, parameters: Record<string, string | undefined> = {}): Promise<T> => {
    const key = `${path}?${JSON.stringify(parameters)}`;
    const known = cache.get(key);
    if (known && Date.now() - known.at < CACHE_MS_MAX) {
      return known.answer as Promise<T>;
    }
    if (cache.size >= CACHE_ENTRIES_MAX) {
      cache.clear();
    }
    const answer = datasource.getResource<T>(path, parameters);
    answer.catch(() => cache.delete(key));
    cache.set(key, { at: Date.now(), answer });
    return answer;
  };
  return {
    projects: () => ask('projects'),
    dimensions: () => ask('dimensions'),
    events: (project, search) => ask('events', { project, search }),
    properties: (project, search) => ask('properties', { project, search }),
    values: (project, field, search) => ask('values', { project, field, search }),
    cohorts: (project, search) => ask<Cohort[]>('cohorts', { project, search }),
    schema: () => ask<Table[]>('schema'),
  };
}

/** A query's statement over a range, and the number of rows ClickHouse expects to read. */
export function plan(datasource: Backend, query: FootfallQuery, fromMs: number, toMs: number): Promise<Plan> {
  return datasource.postResource<Plan>('plan', { query, fromMs, toMs });
}

const CACHE_MS_MAX = 60_000;
const CACHE_ENTRIES_MAX = 500;
