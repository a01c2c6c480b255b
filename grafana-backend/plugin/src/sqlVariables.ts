import { ScopedVars } from '@grafana/data';
import { TemplateSrv } from '@grafana/runtime';

import { expand } from './expand';
import { SqlQuery } from './query/generated';

const PARAMETER = /\{\s*(\w+)\s*:\s*([^{}]+?)\s*\}/g;
const ARRAY_OF_NUMBERS = /^Array\(\s*(U?Int|Float|Decimal)\w*(\([^()]*\))?\s*\)$/;
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** The SQL stays unchanged; ClickHouse binds `{name:Type}` in it to the dashboard variable of that name. */
export function boundVariables(
  { rawSql = '', variables }: SqlQuery,
  templates: TemplateSrv,
  scopedVars: ScopedVars
): NonNullable<SqlQuery['variables']> {
  const known = new Set(templates.getVariables().map((variable) => variable.name));
  const bound = { ...variables };
  for (const [, name, type] of rawSql.matchAll(PARAMETER)) {
    if (known.has(name) || name in scopedVars) {
      bound[name] = value(name, type);
    }
  }
  return bound;

  function value(name: string, type: string): string | string[] {
    if (!type.startsWith('Array(')) {
      return templates.replace(`\${${name}:raw}`, scopedVars);
    }
    const values = expand(`\${${name}}`, templates, scopedVars);
    // Numbers in an array are not quoted.
    return ARRAY_OF_NUMBERS.test(type) && values.every((each) => NUMBER.test(each)) ? `[${values.join(',')}]` : values;
  }
}
