import { columnName } from '../../names/columns';
import { Table } from '../../resources';
import { MACROS, written } from './macros';

/** What can be suggested. */
export interface Known {
  tables: Table[];
  properties: string[];
  /** The dashboard's variables. */
  variables: string[];
}

export type SuggestionKind = 'table' | 'column' | 'property' | 'macro' | 'variable' | 'function' | 'keyword';

export interface Suggestion {
  label: string;
  kind: SuggestionKind;
  insert: string;
  detail?: string;
  documentation?: string;
}

/** What the suggestion replaces, and the suggestions. */
export interface Completion {
  /** How many characters before the cursor are replaced. */
  replaced: number;
  suggestions: Suggestion[];
}

/** The suggestions where the cursor is: a table after FROM, a property in its brackets, or whatever fits an expression. */
export function complete(text: string, cursor: number, known: Known): Completion {
  const before = text.slice(0, cursor);
  const property = /properties\s*\[\s*'([^'\]]*)$/i.exec(before);
  if (property) {
    const rest = text.slice(cursor);
    return {
      replaced: property[1].length,
      suggestions: known.properties.map((name) => ({
        label: name,
        kind: 'property',
        insert: escaped(name) + (rest.startsWith("'") ? '' : "']"),
      })),
    };
  }
  const replaced = /[\w.$]*$/.exec(before)![0].length;
  const earlier = before.slice(0, cursor - replaced);
  if (before.slice(cursor - replaced).startsWith('$')) {
    return { replaced, suggestions: [...variables(known), ...macros()] };
  }
  if (/\b(from|join)\s+$/i.test(earlier)) {
    return { replaced, suggestions: known.tables.map(table) };
  }
  return {
    replaced,
    suggestions: [...columns(text, known), ...macros(), ...variables(known), ...functions(), ...keywords()],
  };
}

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");

const table = ({ name, columns }: Table): Suggestion => ({
  label: name,
  kind: 'table',
  insert: name,
  detail: `${columns.length} columns`,
});

/** The columns of the tables that the statement names; of all, as long as it names none. */
function columns(text: string, { tables }: Known): Suggestion[] {
  const named = [...text.matchAll(/\b(?:from|join)\s+([\w.]+)/gi)].map(([, name]) => name.toLowerCase());
  const isNamed = ({ name }: Table) => named.includes(name) || named.includes(name.replace(/^analytics\./, ''));
  const meant = tables.some(isNamed) ? tables.filter(isNamed) : tables;
  const seen = new Set<string>();
  return meant.flatMap(({ name: table, columns }) =>
    columns
      .filter(({ name }) => !seen.has(name) && seen.add(name))
      .map(({ name, type, comment }) => ({
        label: name,
        kind: 'column' as const,
        insert: /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name.replaceAll('`', '\\`')}\``,
        detail: type,
        documentation: comment || [table, columnName(name)].join(': '),
      }))
  );
}

const macros = (): Suggestion[] =>
  MACROS.map((macro) => ({
    label: `$__${macro.name}`,
    kind: 'macro',
    insert: written(macro),
    detail: 'macro',
    documentation: macro.meaning,
  }));

const variables = ({ variables }: Known): Suggestion[] =>
  variables.map((name) => ({ label: `$${name}`, kind: 'variable', insert: `$${name}`, detail: 'dashboard variable' }));

const functions = (): Suggestion[] => FUNCTIONS.map((name) => ({ label: name, kind: 'function', insert: `${name}(` }));

const keywords = (): Suggestion[] => KEYWORDS.map((name) => ({ label: name, kind: 'keyword', insert: name }));

/** Those that questions about events need; ClickHouse has about 1,500. */
const FUNCTIONS = [
  ...['any', 'argMax', 'argMin', 'avg', 'count', 'countIf', 'groupArray', 'groupUniqArray', 'max', 'median', 'min'],
  ...['quantile', 'quantileExact', 'quantiles', 'sequenceMatch', 'sum', 'sumIf', 'topK', 'uniq', 'uniqExact', 'uniqIf'],
  ...['windowFunnel', 'retention', 'arrayJoin', 'arrayMap', 'arrayFilter', 'coalesce', 'concat', 'dateDiff', 'domain'],
  ...['extract', 'has', 'if', 'ifNull', 'JSONExtractString', 'length', 'like', 'lower', 'match', 'mapKeys', 'multiIf'],
  ...['now', 'nullIf', 'position', 'replaceRegexpOne', 'round', 'splitByChar', 'substring', 'toDate', 'toDateTime'],
  ...['toFloat64OrNull', 'toHour', 'toInt64', 'toStartOfDay', 'toStartOfHour', 'toStartOfMonth', 'toStartOfWeek'],
  ...['toString', 'toUnixTimestamp64Milli', 'today', 'upper', 'lagInFrame', 'leadInFrame', 'row_number'],
];
const KEYWORDS = [
  ...['SELECT', 'DISTINCT', 'FROM', 'FINAL', 'WHERE', 'PREWHERE', 'GROUP BY', 'HAVING', 'ORDER BY', 'LIMIT', 'OFFSET'],
  ...['WITH', 'AS', 'AND', 'OR', 'NOT', 'IN', 'NOT IN', 'LIKE', 'ILIKE', 'BETWEEN', 'IS NULL', 'IS NOT NULL', 'NULL'],
  ...['CASE', 'WHEN', 'THEN', 'ELSE', 'END', 'LEFT JOIN', 'INNER JOIN', 'ARRAY JOIN', 'ON', 'USING', 'UNION ALL'],
  ...['ASC', 'DESC', 'WITH FILL', 'OVER', 'PARTITION BY', 'LIMIT BY', 'INTERVAL'],
];
