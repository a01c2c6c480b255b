import { FootfallQuery } from './index';
import description from './fields.json';

/**
 * Every type's fields as in the backend's models: their kind, limits and defaults. A backend test checks
 * the models against the same file.
 */
export const FIELDS = description.types;

/** All fields of any type. */
export const KNOWN: ReadonlySet<string> = new Set([
  'traffic',
  ...Object.keys(description.scope),
  ...Object.values(FIELDS).flatMap((fields) => Object.keys(fields)),
]);

/** A field's kind decides how variables are interpolated, and what is omitted while incomplete. */
export type FieldKind =
  | 'string'
  | 'strings'
  | 'integer'
  | 'boolean'
  | 'comparison'
  | 'oneOf'
  | 'filter'
  | 'event'
  | 'events'
  | 'breakdown'
  | 'adhoc'
  | 'sql'
  | 'variables';

/**
 * The fields sent with a query of this type, and their kinds. SQL specifies its own scope, except for the time zone and ad hoc filters;
 * `traffic` only exists in the front end and is sent as a condition of the filter.
 */
export function fieldsOf({ queryType }: FootfallQuery): Map<string, FieldKind> {
  const own = kinds(FIELDS[queryType]);
  return queryType === 'sql'
    ? new Map<string, FieldKind>([['timezone', 'string'], ['adhocFilters', 'adhoc'], ...own])
    : new Map([['traffic', 'string'], ...kinds(description.scope), ...own]);
}

function kinds(fields: Record<string, { kind: string }>): Map<string, FieldKind> {
  return new Map(Object.entries(fields).map(([name, { kind }]) => [name, kind as FieldKind]));
}

/** An integer's limits, and the backend's default. */
export interface IntegerField {
  min: number;
  max: number;
  default: number;
}
