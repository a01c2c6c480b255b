import { AdHocVariableFilter, ScopedVars } from '@grafana/data';
import { TemplateSrv } from '@grafana/runtime';

import { asked } from './asked';
import { isCohort } from './cohort';
import { isDid } from './did';
import { expand, oneOf } from './expand';
import { finished, isTree, NUMERIC } from './filters';
import { FootfallQuery, kindOf } from './query';
import { FieldKind, fieldsOf } from './query/fields';
import { AdHocFilter, Breakdown, EventFilter, PersonFilter, Test } from './query/generated';
import { boundVariables } from './sqlVariables';
import { withTraffic } from './traffic';

/**
 * Interpolates dashboard variables. A variable in a filter stays a value; with several values any may match, or
 * none if the condition is negated. The dashboard's ad hoc filters become conditions too. Nothing becomes
 * SQL here.
 */
export function fillIn(
  given: FootfallQuery,
  templates: TemplateSrv,
  scopedVars: ScopedVars,
  adhoc: AdHocVariableFilter[] = []
): FootfallQuery {
  const query = asked(given);
  if (!kindOf(query)) {
    return query;
  }
  const kinds = fieldsOf(query);
  const fill = fillings(templates, scopedVars);
  const filledField = (kind: FieldKind | undefined, value: unknown) => {
    const by = kind && fill[kind];
    return by ? by(value) : value;
  };
  const filled = Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, filledField(kinds.get(name), value)])
  ) as unknown as FootfallQuery;
  const adhocFilters = [...(filled.adhocFilters ?? []), ...adhoc.map(adhocFilter)];
  if (filled.queryType === 'sql') {
    return { ...filled, ...boundVariables(filled, templates, scopedVars), adhocFilters };
  }
  const { traffic, ...rest } = filled;
  return {
    ...rest,
    filter: withTraffic(filled.filter, templates.replace(traffic ?? '', scopedVars, 'raw')),
    adhocFilters,
  };
}

const adhocFilter = ({ key, operator, value, values }: AdHocVariableFilter): AdHocFilter => ({
  key,
  operator,
  value,
  values,
});

/** How to interpolate each kind of field; kinds not listed cannot contain variables. */
function fillings(templates: TemplateSrv, scopedVars: ScopedVars): Partial<Record<FieldKind, (value: any) => unknown>> {
  const text = (value: unknown) => (typeof value === 'string' ? templates.replace(value, scopedVars, 'raw') : value);
  const several = (value?: string | string[]) => oneOf(value, templates, scopedVars);
  // A variable can be empty; then there is nothing to compare.
  const filter = (of?: PersonFilter) => finished(of && filledFilter(of, templates, scopedVars));
  const event = (of: (EventFilter & { name?: string }) | null) => of && filledEvent(of, templates, scopedVars);
  return {
    string: text,
    comparison: text,
    oneOf: several,
    filter,
    event,
    events: (events: EventFilter[]) => events.map(event),
    breakdown: (breakdown: Breakdown) => ({
      ...breakdown,
      dimension: text(breakdown.dimension),
      ...(breakdown.and ? { and: breakdown.and.map(text) } : {}),
    }),
  };
}

function filledEvent<E extends EventFilter & { name?: string }>(
  of: E,
  templates: TemplateSrv,
  scopedVars: ScopedVars
): E {
  const { name } = of;
  return {
    ...of,
    ...(typeof name === 'string' ? { name: templates.replace(name, scopedVars, 'raw') } : {}),
    event: oneOf(of.event, templates, scopedVars),
    path: oneOf(of.path, templates, scopedVars),
    filter: finished(of.filter && filledFilter(of.filter, templates, scopedVars)),
  };
}

function filledFilter<F extends PersonFilter>(of: F, templates: TemplateSrv, scopedVars: ScopedVars): F {
  // What is filled in is of the same kind.
  return filledTree(of, templates, scopedVars) as F;
}

function filledTree(of: PersonFilter, templates: TemplateSrv, scopedVars: ScopedVars): PersonFilter {
  if (!isTree(of)) {
    return of;
  }
  const each = (filter: PersonFilter) => filledFilter(filter, templates, scopedVars);
  if ('all' in of) {
    return { all: of.all.map(each) };
  }
  if ('any' in of) {
    return { any: of.any.map(each) };
  }
  if (isDid(of)) {
    const { events } = of.did;
    return events ? { did: { ...of.did, events: filledEvent(events, templates, scopedVars) } } : of;
  }
  if (isCohort(of)) {
    // Of several cohorts one is enough.
    const cohorts = expand(of.cohort, templates, scopedVars).map((cohort) => ({ cohort }));
    return cohorts.length === 1 ? cohorts[0] : { any: cohorts };
  }
  return 'not' in of ? { not: each(of.not) } : filledTest(of, templates, scopedVars);
}

function filledTest(of: Test, templates: TemplateSrv, scopedVars: ScopedVars): PersonFilter {
  const field = templates.replace(String(of.field ?? ''), scopedVars, 'raw');
  if (of.values?.length) {
    return { ...of, field, values: of.values.flatMap((value) => expand(String(value), templates, scopedVars)) };
  }
  if (typeof of.value !== 'string') {
    return { ...of, field };
  }
  const values = expand(of.value, templates, scopedVars);
  if (values.length === 1) {
    return { ...of, field, value: values[0] };
  }
  // A comparison has one number.
  return NUMERIC.has(of.op) ? { any: values.map((value) => ({ ...of, field, value })) } : { field, op: of.op, values };
}
