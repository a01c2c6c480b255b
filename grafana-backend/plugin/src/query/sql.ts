import { CommonQuery, QueryKind } from './common';

/** A custom statement: docs/queries/sql.md. */
export interface SqlQuery extends CommonQuery {
  queryType: 'sql';
  rawSql?: string;
  variables?: Record<string, string | string[]>;
  /** The variables for which *All* is chosen. */
  allSelected?: string[];
}

export const sql: QueryKind<SqlQuery> = {
  picker: { label: 'SQL', description: 'Your own statement, with macros and variables' },
  starting: {
    queryType: 'sql',
    rawSql:
      'SELECT $__timeInterval(ts) AS time, count() AS events\nFROM analytics.events\nWHERE $__timeFilter(ts)\nGROUP BY time\nORDER BY time',
  },
  isComplete: ({ rawSql }) => Boolean(rawSql?.trim()),
};
