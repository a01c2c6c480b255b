import { EventFilter, Filter, Test } from './query/filter';

/** How the editor sees a tree: groups, negated or not, and tests. */
export interface GroupNode {
  any: boolean;
  negated: boolean;
  children: Array<GroupNode | Test>;
}

export const isGroup = (node: GroupNode | Test): node is GroupNode => 'children' in node;

/** A test that the editor begins with: it is not asked until it has a field and a value. */
export const UNFINISHED: Test = { field: '', op: '=' };

/** These compare with one number. */
export const NUMERIC = new Set(['<', '<=', '>', '>=']);
/** These need no value. */
export const UNARY = new Set(['is set', 'is not set']);
/** Of these an empty value says nothing: every string contains it. */
const NEEDS_TEXT = new Set(['contains', 'not contains', '=~', '!~', ...NUMERIC]);

/** From the tree that is kept to the editor's. */
export function toGroup(filter?: Filter): GroupNode {
  if (!filter || !isTree(filter) || Object.keys(filter).length === 0) {
    return { any: false, negated: false, children: [] };
  }
  const node = toNode(filter);
  return isGroup(node) ? node : { any: false, negated: false, children: [node] };
}

function toNode(filter: Filter): GroupNode | Test {
  if ('not' in filter) {
    const inner = toGroup(filter.not);
    return { ...inner, negated: !inner.negated };
  }
  if ('all' in filter) {
    return { any: false, negated: false, children: filter.all.map(toNode) };
  }
  return 'any' in filter ? { any: true, negated: false, children: filter.any.map(toNode) } : filter;
}

/** And back; a single test stands by itself, and an empty group is no filter. */
export function fromGroup(group: GroupNode): Filter | undefined {
  const children = group.children
    .map((child) => (isGroup(child) ? fromGroup(child) : child))
    .filter((child) => child !== undefined);
  if (children.length === 0) {
    return undefined;
  }
  const joined: Filter = children.length === 1 ? children[0] : group.any ? { any: children } : { all: children };
  return group.negated ? { not: joined } : joined;
}

/** The tree without tests that somebody has only begun, and without groups that hold nothing else. */
export function finished(filter?: Filter): Filter | undefined {
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
  return isFinished(filter) ? filter : undefined;
}

/** Whether it has the form of a tree. A file may have anything, and the backend says what is wrong with it. */
export function isTree(filter: unknown): filter is Filter {
  if (typeof filter !== 'object' || filter === null) {
    return false;
  }
  const { all = [], any = [] } = filter as { all?: unknown; any?: unknown };
  return Array.isArray(all) && Array.isArray(any);
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

/** The same test by another operator; what it is compared with stays as far as that goes. */
export function withOperator(test: Test, op: string): Test {
  if (op === 'in' || op === 'not in') {
    return { field: test.field, op, values: test.values ?? (test.value ? [String(test.value)] : []) };
  }
  return UNARY.has(op) ? { field: test.field, op } : { field: test.field, op, value: test.value ?? test.values?.[0] };
}

/** Which events are meant, without tests that are only begun. */
export function finishedEvent<T extends EventFilter>(of: T): T {
  return of?.filter ? { ...of, filter: finished(of.filter) } : of;
}

/** Whether it leaves any event out. */
export const isNarrowing = (of?: EventFilter | null) =>
  Boolean(of?.event?.length || of?.path?.length || finished(of?.filter));
