import { QueryKind } from './common';
import { QueryOf } from './stored';

export const sql: QueryKind<QueryOf<'sql'>> = {
  picker: { label: 'SQL', description: 'Your own statement, with macros and variables' },
  starting: {
    queryType: 'sql',
    rawSql:
      'SELECT $__timeInterval(ts) AS time, count() AS events\nFROM analytics.events\nWHERE $__timeFilter(ts)\nGROUP BY time\nORDER BY time',
  },
  isComplete: ({ rawSql }) => Boolean(rawSql?.trim()),
};
