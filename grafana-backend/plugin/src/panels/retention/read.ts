import { DataFrame, Field, FieldType } from '@grafana/data';

export interface Cell {
  count: number;
  rate?: number;
  /** False while the period is in progress. */
  isComplete: boolean;
}

/** Those who started in one period; `cells[n]` is n periods later. */
export interface Cohort {
  start: number | string;
  size: number;
  cells: Array<Cell | undefined>;
}

/**
 * Reads cohorts from a frame: ours, or any with a first column of cohorts (time or string), a number column
 * `period`, and `count` or `rate`. Undefined if there are none.
 */
export function readRetention(
  frame?: DataFrame
): { cohorts: Cohort[]; periods: number; isTime: boolean; count?: Field } | undefined {
  const named = (name: string) => frame?.fields.find((field) => field.name === name);
  const cohort =
    named('cohort') ?? frame?.fields.find(({ type }) => type === FieldType.time || type === FieldType.string);
  const period = named('period');
  const count = named('count');
  const rate = named('rate');
  if (!frame || !cohort || !period || !(count || rate) || frame.length === 0) {
    return undefined;
  }
  const cohorts: Cohort[] = [];
  for (let row = 0; row < frame.length; row++) {
    const start = cohort.values[row];
    let found = cohorts.at(-1)?.start === start ? cohorts.at(-1) : cohorts.find((each) => each.start === start);
    if (!found) {
      found = { start, size: number(named('size'), row) ?? number(count, row) ?? 0, cells: [] };
      cohorts.push(found);
    }
    const of = number(count, row) ?? 0;
    found.cells[Number(period.values[row])] = {
      count: of,
      rate: number(rate, row) ?? (found.size > 0 ? of / found.size : undefined),
      isComplete: (number(named('complete'), row) ?? 1) === 1,
    };
  }
  return {
    cohorts,
    periods: Math.max(...cohorts.map(({ cells }) => cells.length)),
    isTime: cohort.type === FieldType.time,
    count,
  };
}

/** The highest share of a cohort in a period after its first; 1 if nobody returns. */
export function highestReturn(cohorts: Cohort[]): number {
  const rates = cohorts.flatMap(({ cells }) => cells.slice(1).map((cell) => cell?.rate ?? 0));
  return Math.max(...rates, 0) || 1;
}

/** The average over all cohorts whose period is complete, weighted by size. */
export function averages(cohorts: Cohort[], periods: number): Array<number | undefined> {
  return Array.from({ length: periods }, (_, period) => {
    const complete = cohorts.filter(({ cells }) => cells[period]?.isComplete);
    const size = complete.reduce((sum, cohort) => sum + cohort.size, 0);
    return size > 0 ? complete.reduce((sum, cohort) => sum + cohort.cells[period]!.count, 0) / size : undefined;
  });
}

const number = (field: Field | undefined, row: number): number | undefined => field?.values[row] ?? undefined;
