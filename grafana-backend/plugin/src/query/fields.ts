import { FIELDS } from './generated';
import { FootfallQuery } from './stored';

export { FIELDS };

/** All fields of any type. */
export const KNOWN: ReadonlySet<string> = new Set([
  'traffic',
  ...Object.values(FIELDS).flatMap((fields) => Object.keys(fields)),
]);

/** A field's kind decides how variables are interpolated, and what is omitted while incomplete. */
export type FieldKind = Kinds<(typeof FIELDS)[keyof typeof FIELDS]>;
type Kinds<Fields> = Fields extends Record<string, { kind: unknown }> ? Fields[keyof Fields]['kind'] : never;

/**
 * The fields sent with a query of this type, and their kinds. `traffic` only exists in the front end and is sent as a
 * condition of the filter.
 */
export function fieldsOf({ queryType }: FootfallQuery): Map<string, FieldKind> {
  const own = Object.entries(FIELDS[queryType]).map(([name, { kind }]): [string, FieldKind] => [name, kind]);
  return new Map('filter' in FIELDS[queryType] ? [['traffic', 'string'], ...own] : own);
}

/** An integer's limits, and the backend's default. */
export interface IntegerField {
  min: number;
  max: number;
  default: number;
}
