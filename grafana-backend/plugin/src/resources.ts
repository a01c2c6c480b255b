import { DataSourceWithBackend } from '@grafana/runtime';

import { FootfallQuery } from './query';

/** What the backend suggests: names that are really there, the most frequent first. */
export interface Suggestions {
  projects(): Promise<string[]>;
  dimensions(): Promise<string[]>;
  events(project: string, search?: string): Promise<string[]>;
  properties(project: string, search?: string): Promise<string[]>;
  values(project: string, field: string, search?: string): Promise<string[]>;
}

/** A query's statement and what it will read, without running it. */
export interface Plan {
  sql: string;
  parameters: Record<string, unknown>;
  rows: number;
  parts: number;
  marks: number;
}

/** The way to the backend. */
type Asked = Pick<DataSourceWithBackend, 'getResource' | 'postResource'>;

/** Asks the backend once for each question, and keeps the answers for a minute. */
export function suggestions(datasource: Asked): Suggestions {
  const kept = new Map<string, { at: number; answer: Promise<string[]> }>();
  const ask = (path: string, parameters: Record<string, string | undefined> = {}): Promise<string[]> => {
    const key = `${path}?${JSON.stringify(parameters)}`;
    const known = kept.get(key);
    if (known && Date.now() - known.at < KEPT_MS_MAX) {
      return known.answer;
    }
    if (kept.size >= KEPT_ANSWERS_MAX) {
      kept.clear();
    }
    const answer = datasource.getResource<string[]>(path, parameters);
    answer.catch(() => kept.delete(key));
    kept.set(key, { at: Date.now(), answer });
    return answer;
  };
  return {
    projects: () => ask('projects'),
    dimensions: () => ask('dimensions'),
    events: (project, search) => ask('events', { project, search }),
    properties: (project, search) => ask('properties', { project, search }),
    values: (project, field, search) => ask('values', { project, field, search }),
  };
}

/** The statement of a query over a range, and the rows that ClickHouse expects to read. */
export function plan(datasource: Asked, query: FootfallQuery, fromMs: number, toMs: number): Promise<Plan> {
  return datasource.postResource<Plan>('plan', { query, fromMs, toMs });
}

const KEPT_MS_MAX = 60_000;
const KEPT_ANSWERS_MAX = 500;
