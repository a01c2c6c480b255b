import { CohortLeaf, isCohort, isCohortLeaf } from './cohort';
import { isDid } from './did';
import { Did, EventFilter, Operator, PersonFilter, Test } from './query/generated';

/** A condition on an event's person. */
export type PersonLeaf = { did: Did } | CohortLeaf;
/** A condition on an event, or on its person. */
export type Leaf = Test | PersonLeaf;

/** The editor's view of a filter tree: groups, negated or not, and conditions. */
export interface GroupNode {
  any: boolean;
  negated: boolean;
  children: Array<GroupNode | Leaf>;
}

export const isPersonLeaf = (leaf: Leaf): leaf is PersonLeaf => isCohortLeaf(leaf) || isDid(leaf);

export const isGroup = (node: GroupNode | Leaf): node is GroupNode => 'children' in node;

/** The condition the editor starts with; not sent until it has a field and a value. */
export const UNFINISHED: Test = { field: '', op: '=' };

/** Operators that compare with one number. */
export const NUMERIC: ReadonlySet<Operator | undefined> = new Set<Operator>(['<', '<=', '>', '>=']);
/** Operators without a value. */
export const UNARY: ReadonlySet<Operator | undefined> = new Set<Operator>(['is set', 'is not set']);
/** Operators for which an empty value is meaningless: every string contains it. */
const NEEDS_TEXT: ReadonlySet<Operator | undefined> = new Set(['contains', 'not contains', '=~', '!~', ...NUMERIC]);

/** From the stored tree to the editor's. */
export function toGroup(filter?: PersonFilter): GroupNode {
  if (!filter || !isTree(filter) || Object.keys(filter).length === 0) {
    return { any: false, negated: false, children: [] };
  }
  const node = toNode(filter);
  return isGroup(node) ? node : { any: false, negated: false, children: [node] };
}

function toNode(filter: PersonFilter): GroupNode | Leaf {
  if (isCohortLeaf(filter)) {
    return filter;
  }
  if ('not' in filter) {
    const inner = toGroup(filter.not);
    return { ...inner, negated: !inner.negated };
  }
  if ('all' in filter) {
    return { any: false, negated: false, children: filter.all.map(toNode) };
  }
  return 'any' in filter ? { any: true, negated: false, children: filter.any.map(toNode) } : filter;
}

/** And back; a single condition needs no group, and an empty group is no filter. */
export function fromGroup(group: GroupNode): PersonFilter | undefined {
  const children = group.children
    .map((child) => (isGroup(child) ? fromGroup(child) : child))
    .filter((child) => child !== undefined);
  if (children.length === 0) {
    return undefined;
  }
  const joined: PersonFilter = children.length === 1 ? children[0] : group.any ? { any: children } : { all: children };
  return group.negated ? { not: joined } : joined;
}

/** The tree without incomplete conditions, and without groups that contain nothing else. */
export function finished<F extends PersonFilter>(filter?: F): F | undefined {
  // What is left of a tree of tests is one.
  return finishedTree(filter) as F | undefined;
}

function finishedTree(filter?: PersonFilter): PersonFilter | undefined {
  if (!filter || !isTree(filter)) {
    return filter || undefined;
  }
  if ('not' in filter) {
    const inner = finished(filter.not);
    return inner && { not: inner };
  }
  if ('all' in filter) {
    const all = filter.all.map(finished).filter((each) => each !== undefined);
    return all.length > 0 ? { all } : undefined;
  }
  if ('any' in filter) {
    const any = filter.any.map(finished).filter((each) => each !== undefined);
    return any.length > 0 ? { any } : undefined;
  }
  if (isDid(filter)) {
    return finishedDid(filter.did);
  }
  if (isCohort(filter)) {
    return filter.cohort.trim() ? filter : undefined;
  }
  return isFinished(filter) ? filter : undefined;
}

/** Whether it has the shape of a filter tree. Files may contain anything, and the backend reports what is wrong. */
export function isTree(filter: unknown): filter is PersonFilter {
  if (typeof filter !== 'object' || filter === null) {
    return false;
  }
  const { all = [], any = [] } = filter as { all?: unknown; any?: unknown };
  return Array.isArray(all) && Array.isArray(any);
}

/** A condition that everybody meets, any event at any time, is not one yet. */
function finishedDid(did: Did): PersonFilter | undefined {
  const { events, atLeast, atMost, firstTime } = did;
  if (!isNarrowing(events) && atLeast === undefined && atMost === undefined && !firstTime) {
    return undefined;
  }
  return { did: events ? { ...did, events: finishedEvent(events) } : did };
}

function isFinished({ field, op, value, values }: Test): boolean {
  if (!field) {
    return false;
  }
  if (UNARY.has(op) || values?.length) {
    return true;
  }
  return value !== undefined && value !== null && !(NEEDS_TEXT.has(op) && String(value).trim() === '');
}

/** The same condition with another operator; the value is kept where possible. */
export function withOperator(test: Test, op: Operator): Test {
  if (op === 'in' || op === 'not in') {
    return { field: test.field, op, values: test.values ?? (test.value ? [String(test.value)] : []) };
  }
  return UNARY.has(op) ? { field: test.field, op } : { field: test.field, op, value: test.value ?? test.values?.[0] };
}

/** An event filter without incomplete conditions. */
export function finishedEvent<T extends EventFilter>(of: T): T {
  return of?.filter ? { ...of, filter: finished(of.filter) } : of;
}

/** Whether the filter excludes any event. */
export const isNarrowing = (of?: EventFilter | null) =>
  Boolean(of?.event?.length || of?.path?.length || finished(of?.filter));
