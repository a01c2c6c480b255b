import { AdHocVariableFilter, ScopedVars } from '@grafana/data';
import { TemplateSrv } from '@grafana/runtime';

import { EventFilter, Filter, FootfallQuery, Test } from './types';

/** Whether there is anything to ask; Grafana shows an empty panel otherwise. */
export function isComplete(query: FootfallQuery): boolean {
  switch (query.queryType) {
    case 'sql':
      return Boolean(query.rawSql?.trim());
    case 'funnel':
      return Array.isArray(query.steps) && query.steps.length > 0;
    default:
      return true;
  }
}

/**
 * Fills dashboard variables in. A variable in a filter stays a value; one with several values makes a
 * test for any of them. The dashboard's ad hoc filters become tests as well. Nothing becomes SQL here.
 */
export function fillIn(
  query: FootfallQuery,
  templates: TemplateSrv,
  scopedVars: ScopedVars,
  adhoc: AdHocVariableFilter[] = []
): FootfallQuery {
  const text = <T extends string | undefined>(value: T): T =>
    value ? (templates.replace(value, scopedVars, 'raw') as T) : value;
  const event = <T extends EventFilter | undefined>(of: T): T =>
    of && { ...of, event: text(of.event), path: text(of.path), filter: filter(of.filter) };
  const filter = (of?: Filter): Filter | undefined => {
    if (!of) {
      return undefined;
    }
    if ('all' in of) {
      return { all: of.all.map((each) => filter(each)!) };
    }
    if ('any' in of) {
      return { any: of.any.map((each) => filter(each)!) };
    }
    if ('not' in of) {
      return { not: filter(of.not)! };
    }
    return test(of);
  };
  const test = (of: Test): Filter => {
    const every = (value: string) => severalValues(value, templates, scopedVars);
    const field = text(of.field);
    if (of.values) {
      return { ...of, field, values: of.values.flatMap(every) };
    }
    if (typeof of.value !== 'string') {
      return { ...of, field };
    }
    const values = every(of.value);
    if (values.length === 1) {
      return { ...of, field, value: values[0] };
    }
    const several: Record<string, string> = { '=': 'in', '!=': 'not in' };
    if (several[of.op]) {
      return { field, op: several[of.op], values };
    }
    return { any: values.map((value) => ({ ...of, field, value })) };
  };
  return {
    ...query,
    project: text(query.project),
    dimension: text(query.dimension),
    interval: text(query.interval),
    compare: typeof query.compare === 'string' ? text(query.compare) : query.compare,
    hold: text(query.hold),
    node: text(query.node),
    visitor: text(query.visitor),
    userId: text(query.userId),
    sessionId: text(query.sessionId),
    event: text(query.event),
    path: text(query.path),
    filter: filter(query.filter),
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
    adhocFilters: adhoc.map(({ key, operator, value, values }) => ({ key, operator, value, values })),
  };
}

/** The values of a text with variables: one, or those of a variable with several. */
function severalValues(value: string, templates: TemplateSrv, scopedVars: ScopedVars): string[] {
  let values: string[] = [];
  const replaced = templates.replace(value, scopedVars, (found: string | string[]) => {
    if (Array.isArray(found)) {
      values = found.map(String);
    }
    return Array.isArray(found) ? found.join(',') : String(found);
  });
  return values.length > 0 ? values : [replaced];
}

/** SQL keeps its text; `{name:Type}` in it is bound by ClickHouse to the dashboard's variable of this name. */
function variables(
  query: FootfallQuery,
  templates: TemplateSrv,
  scopedVars: ScopedVars
): Record<string, string> | undefined {
  if (query.queryType !== 'sql') {
    return query.variables;
  }
  const known = new Set(templates.getVariables().map((variable) => variable.name));
  const bound: Record<string, string> = { ...query.variables };
  for (const [, name] of (query.rawSql ?? '').matchAll(/\{(\w+):[^}]+\}/g)) {
    if (known.has(name) || name in scopedVars) {
      bound[name] = templates.replace(`\${${name}:raw}`, scopedVars);
    }
  }
  return bound;
}
