import { isTree } from './filters';
import { FootfallQuery, QueryOf } from './query';
import { PersonFilter, Test } from './query/generated';

/** A value to keep or to leave out, as Explore and tables ask for it. */
export interface Wanted {
  field: string;
  value: string;
  isOut: boolean;
}

type Filtered = Exclude<FootfallQuery, QueryOf<'sql'>>;

const isTest = (filter: PersonFilter): filter is Test => isTree(filter) && 'field' in filter;
const isEqual = ({ op }: Test) => !op || op === '=';
const opposite = (isOut: boolean) => (isOut ? '=' : '!=');

/** The conditions that all have to hold, at the top of the filter. */
function conditions(filter?: PersonFilter): PersonFilter[] {
  if (!filter || !isTree(filter)) {
    return filter ? [filter] : [];
  }
  return 'all' in filter ? filter.all : [filter];
}

function joined(filters: PersonFilter[]): PersonFilter | undefined {
  return filters.length > 1 ? { all: filters } : filters[0];
}

const isSame = ({ field, op, value }: Test, wanted: Wanted) =>
  field === wanted.field && String(value) === wanted.value && (wanted.isOut ? op === '!=' : isEqual({ op } as Test));

/** Whether the query keeps this value. */
export function hasFilter(query: FootfallQuery, field: string, value: string): boolean {
  return (
    query.queryType !== 'sql' &&
    conditions(query.filter).some((each) => isTest(each) && isSame(each, { field, value, isOut: false }))
  );
}

/**
 * The query with the value kept or left out. Only one value of a field can be kept, while several can be left out; what
 * contradicts goes. SQL stays as it is: its conditions are its author's.
 */
export function withFilter<Q extends FootfallQuery>(query: Q, wanted: Wanted): Q {
  if (query.queryType === 'sql') {
    return query;
  }
  const { field, value, isOut } = wanted;
  const rest = conditions((query as Filtered).filter).filter((each) => {
    if (!isTest(each) || each.field !== field) {
      return true;
    }
    const isOpposite = each.op === opposite(isOut) || (isOut && isEqual(each));
    return !(
      isSame(each, wanted) ||
      (isOpposite && (!isOut || String(each.value) === value)) ||
      (!isOut && isEqual(each))
    );
  });
  return { ...query, filter: joined([...rest, { field, op: isOut ? '!=' : '=', value }]) };
}

/** The same, or without the condition where the query has it already. */
export function toggledFilter<Q extends FootfallQuery>(query: Q, wanted: Wanted): Q {
  if (query.queryType === 'sql') {
    return query;
  }
  const all = conditions((query as Filtered).filter);
  const rest = all.filter((each) => !(isTest(each) && isSame(each, wanted)));
  return rest.length < all.length ? { ...query, filter: joined(rest) } : withFilter(query, wanted);
}
