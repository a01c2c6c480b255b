import { clickhouse, formatDialect } from 'sql-formatter';

/** What the formatter leaves alone: macros and variables, which are no SQL. */
const OURS = ['\\$__\\w+', '\\$\\{[^}]*\\}', '\\$\\w+', '\\[\\[\\w+(?::[^\\]]*)?\\]\\]', '\\{\\s*\\w+\\s*:[^{}]+\\}'];

/** The statement with line breaks and indentation; as it is, if the formatter cannot read it. */
export function formatted(sql: string): string {
  try {
    return formatDialect(sql, {
      dialect: clickhouse,
      tabWidth: 2,
      keywordCase: 'upper',
      paramTypes: { custom: OURS.map((regex) => ({ regex })) },
    });
  } catch {
    return sql;
  }
}
