import { ScopedVars } from '@grafana/data';
import { TemplateSrv } from '@grafana/runtime';

import { expand } from './expand';
import { SqlQuery } from './query/generated';

/** `{name:Type}`, which the statement binds itself. */
const PARAMETER = /(?<!\$)\{\s*(\w+)\s*:\s*([^{}]+?)\s*\}/g;
/** `$name`, `${name}`, `${name:format}` and `[[name]]`, which the backend binds. Macros begin with two underscores. */
const VARIABLE = /\$(?!__)(\w+)|\$\{(?!__)(\w+)(?::[^}]*)?\}|\[\[(?!__)(\w+)(?::[^\]]*)?\]\]/g;
const ARRAY_OF_NUMBERS = /^Array\(\s*(U?Int|Float|Decimal)\w*(\([^()]*\))?\s*\)$/;
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;
const ALL = '$__all';

type Values = NonNullable<SqlQuery['variables']>;

/** What Grafana knows of a variable, as far as it matters here. */
interface Known {
  name: string;
  multi?: boolean;
  includeAll?: boolean;
  current?: { value?: unknown };
}

/**
 * The values of the dashboard's variables that a statement names. The statement stays as it is: the backend binds
 * values where `$name` stands, and ClickHouse those of `{name:Type}`.
 */
export function boundVariables(
  { rawSql = '', variables, allSelected = [] }: SqlQuery,
  templates: TemplateSrv,
  scopedVars: ScopedVars
): Pick<SqlQuery, 'variables' | 'allSelected'> {
  const known = new Map((templates.getVariables() as Known[]).map((variable) => [variable.name, variable]));
  const isKnown = (name: string) => known.has(name) || name in scopedVars;
  const bound: Values = { ...variables };
  const all = new Set(allSelected);
  for (const [, plain, braced, bracketed] of rawSql.matchAll(VARIABLE)) {
    const name = plain ?? braced ?? bracketed;
    if (isKnown(name)) {
      bound[name] = plainValue(name);
      if (!(name in scopedVars) && [known.get(name)?.current?.value].flat().includes(ALL)) {
        all.add(name);
      }
    }
  }
  for (const [, name, type] of rawSql.matchAll(PARAMETER)) {
    // What is named in both ways is a list if it has several values.
    if (isKnown(name) && !(Array.isArray(bound[name]) && type.startsWith('Array('))) {
      bound[name] = typedValue(name, type);
    }
  }
  return { variables: bound, allSelected: all.size > 0 ? [...all] : undefined };

  /** A variable that can have several values is a list even if it has one. */
  function plainValue(name: string): string | string[] {
    const values = expand(`\${${name}}`, templates, scopedVars);
    const variable = known.get(name);
    const isList = !(name in scopedVars) && (variable?.multi || variable?.includeAll);
    return isList || values.length > 1 ? values : values[0];
  }

  function typedValue(name: string, type: string): string | string[] {
    if (!type.startsWith('Array(')) {
      return templates.replace(`\${${name}:raw}`, scopedVars);
    }
    const values = expand(`\${${name}}`, templates, scopedVars);
    // Numbers in an array are not quoted.
    return ARRAY_OF_NUMBERS.test(type) && values.every((each) => NUMBER.test(each)) ? `[${values.join(',')}]` : values;
  }
}
