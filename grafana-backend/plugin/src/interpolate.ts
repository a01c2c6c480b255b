import { AdHocVariableFilter, ScopedVars } from '@grafana/data';
import { TemplateSrv } from '@grafana/runtime';

import { asked } from './asked';
import { expand, oneOf } from './expand';
import { finished, NUMERIC } from './filters';
import { withTraffic } from './traffic';
import { EventFilter, Filter, FootfallQuery, Test } from './types';

/**
 * Fills dashboard variables in. A variable in a filter stays a value; of several values one is enough, and
 * where the test is negated none may hold. The dashboard's ad hoc filters are tests as well. Nothing becomes
 * SQL here.
 */
export function fillIn(
  given: FootfallQuery,
  templates: TemplateSrv,
  scopedVars: ScopedVars,
  adhoc: AdHocVariableFilter[] = []
): FootfallQuery {
  const query = asked(given);
  const text = <T extends string | undefined>(value: T): T =>
    value ? (templates.replace(value, scopedVars, 'raw') as T) : value;
  const several = (value?: string | string[]) => oneOf(value, templates, scopedVars);
  // A variable can be empty, and then there is nothing to test.
  const filter = (of?: Filter) => finished(of && filled(of, templates, scopedVars));
  const event = <T extends EventFilter | undefined>(of: T): T =>
    of && { ...of, event: several(of.event), path: several(of.path), filter: filter(of.filter) };
  return {
    ...query,
    project: text(query.project),
    traffic: undefined,
    dimension: text(query.dimension),
    interval: text(query.interval),
    compare: typeof query.compare === 'string' ? text(query.compare) : query.compare,
    hold: text(query.hold),
    node: text(query.node),
    visitor: text(query.visitor),
    userId: text(query.userId),
    sessionId: text(query.sessionId),
    event: several(query.event),
    path: several(query.path),
    filter: withTraffic(filter(query.filter), text(query.traffic)),
    eventFilter: filter(query.eventFilter),
    steps: Array.isArray(query.steps)
      ? query.steps.map((step) => ({ ...event(step), name: text(step.name) }))
      : query.steps,
    exclusions: query.exclusions?.map(event),
    series: query.series?.map(event),
    start: event(query.start),
    returns: event(query.returns),
    anchor: event(query.anchor),
    breakdown: query.breakdown && { ...query.breakdown, dimension: text(query.breakdown.dimension) },
    variables: variables(query, templates, scopedVars),
    adhocFilters:
      query.queryType === 'sql'
        ? undefined
        : [
            ...(query.adhocFilters ?? []),
            ...adhoc.map(({ key, operator, value, values }) => ({ key, operator, value, values })),
          ],
  };
}

function filled(of: Filter, templates: TemplateSrv, scopedVars: ScopedVars): Filter {
  const each = (filter: Filter) => filled(filter, templates, scopedVars);
  if ('all' in of) {
    return { all: of.all.map(each) };
  }
  if ('any' in of) {
    return { any: of.any.map(each) };
  }
  return 'not' in of ? { not: each(of.not) } : filledTest(of, templates, scopedVars);
}

function filledTest(of: Test, templates: TemplateSrv, scopedVars: ScopedVars): Filter {
  const field = templates.replace(of.field, scopedVars, 'raw');
  if (of.values?.length) {
    return { ...of, field, values: of.values.flatMap((value) => expand(value, templates, scopedVars)) };
  }
  if (typeof of.value !== 'string') {
    return { ...of, field };
  }
  const values = expand(of.value, templates, scopedVars);
  if (values.length === 1) {
    return { ...of, field, value: values[0] };
  }
  // A comparison takes one number.
  return NUMERIC.has(of.op) ? { any: values.map((value) => ({ ...of, field, value })) } : { field, op: of.op, values };
}

const PARAMETER = /\{\s*(\w+)\s*:\s*([^{}]+?)\s*\}/g;
const ARRAY_OF_NUMBERS = /^Array\(\s*(U?Int|Float|Decimal)\w*(\([^()]*\))?\s*\)$/;
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** SQL keeps its text; `{name:Type}` in it is bound by ClickHouse to the dashboard's variable of this name. */
function variables(query: FootfallQuery, templates: TemplateSrv, scopedVars: ScopedVars): FootfallQuery['variables'] {
  if (query.queryType !== 'sql') {
    return undefined;
  }
  const known = new Set(templates.getVariables().map((variable) => variable.name));
  const bound: FootfallQuery['variables'] = { ...query.variables };
  for (const [, name, type] of (query.rawSql ?? '').matchAll(PARAMETER)) {
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
    // Numbers stand in an array without quotes.
    return ARRAY_OF_NUMBERS.test(type) && values.every((each) => NUMBER.test(each)) ? `[${values.join(',')}]` : values;
  }
}
