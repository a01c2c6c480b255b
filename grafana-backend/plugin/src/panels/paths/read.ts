import { DataFrame, Field, FieldType } from '@grafana/data';

/** How many went from a node in one column to a node in the next. */
export interface Way {
  /** The column of `from`, from the left. */
  column: number;
  from: string;
  to: string;
  count: number;
}

/**
 * Reads links from a frame: ours (`step`, `source`, `target`, `count`), or any with two string columns and a number.
 * Undefined if there are none.
 */
export function readWays(frame?: DataFrame): { ways: Way[]; count: Field } | undefined {
  const texts = frame?.fields.filter(({ type }) => type === FieldType.string) ?? [];
  const numbers = frame?.fields.filter(({ type }) => type === FieldType.number) ?? [];
  const named = (name: string) => frame?.fields.find((field) => field.name === name);
  const from = named('source') ?? texts[0];
  const to = named('target') ?? texts.find((field) => field !== from);
  const step = named('step');
  const count = named('count') ?? numbers.find((field) => field !== step);
  if (!frame || !from || !to || !count || frame.length === 0) {
    return undefined;
  }
  const steps = Array.from({ length: frame.length }, (_, row) => Number(step?.values[row] ?? 1));
  const last = Math.max(...steps);
  // Going backward, step 1 ends at the anchor, on the right.
  const isBackward = frame.meta?.custom?.direction === 'backward';
  const ways = steps.map((step, row) => ({
    column: isBackward ? last - step : step - 1,
    from: String(from.values[row] ?? ''),
    to: String(to.values[row] ?? ''),
    count: Number(count.values[row] ?? 0),
  }));
  return { ways, count };
}
