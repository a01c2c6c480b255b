import { FootfallQuery } from './index';
import description from './fields.json';

/**
 * Every type's fields, as the backend's models have them: their kind, limits and what an absent one means. A test of
 * the backend holds it to the same file.
 */
export const FIELDS = description.types;

/** The fields that some type has. */
export const KNOWN: ReadonlySet<string> = new Set([
  'traffic',
  ...Object.keys(description.scope),
  ...Object.values(FIELDS).flatMap((fields) => Object.keys(fields)),
]);

/** What a field holds decides how variables are filled in, and what is left out while it is only begun. */
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
 * The kinds of the fields that a query of this type is asked with. SQL has no scope but the zone, it says it itself;
 * `traffic` is ours: it is sent as a test of the filter.
 */
export function fieldsOf({ queryType }: FootfallQuery): Map<string, FieldKind> {
  const own = kinds(FIELDS[queryType]);
  return queryType === 'sql'
    ? new Map([['timezone', 'string'], ...own])
    : new Map([['traffic', 'string'], ...kinds(description.scope), ...own]);
}

function kinds(fields: Record<string, { kind: string }>): Map<string, FieldKind> {
  return new Map(Object.entries(fields).map(([name, { kind }]) => [name, kind as FieldKind]));
}

/** An integer's limits, and the value that the backend takes where there is none. */
export interface IntegerField {
  min: number;
  max: number;
  default: number;
}
