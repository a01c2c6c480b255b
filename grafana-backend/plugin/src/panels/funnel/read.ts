import { DataFrame, Field, FieldType } from '@grafana/data';

/** One bar: how many completed a step, and how that compares. */
export interface Bar {
  value: string;
  count: number;
  /** Share of all who entered with this value. */
  rate: number;
  /** Share of those who completed the previous step. */
  stepRate?: number;
  dropOff?: number;
  medianS?: number;
  p90S?: number;
  avgS?: number;
  /** The share in the range that it is compared with, and whether the difference is larger than chance. */
  previousRate?: number;
  isSignificant?: boolean;
  row: number;
}

/** A step with one bar per breakdown value, or a single bar without a breakdown. */
export interface Step {
  name: string;
  /** Counted from 1. */
  number: number;
  bars: Bar[];
}

/**
 * Reads a funnel from a frame: ours, or any with a string column and a number column whose rows are steps.
 * Undefined if there is none.
 */
export function readFunnel(frame?: DataFrame): { steps: Step[]; values: string[]; count: Field } | undefined {
  const texts = frame?.fields.filter((field) => field.type === FieldType.string) ?? [];
  const named = (name: string) => frame?.fields.find((field) => field.name === name);
  const step = texts.find((field) => field.name === 'step') ?? texts[0];
  const count = named('count') ?? frame?.fields.find((field) => field.type === FieldType.number);
  if (!frame || !step || !count || frame.length === 0) {
    return undefined;
  }
  const split = texts.find((field) => field !== step);
  const steps: Step[] = [];
  const values: string[] = [];
  for (let row = 0; row < frame.length; row++) {
    const value = split ? String(split.values[row] ?? '') : '';
    if (!values.includes(value)) {
      values.push(value);
    }
    const at = place(steps, value, String(step.values[row]), split !== undefined);
    const first = steps[0].bars.find((bar) => bar.value === value);
    const before = steps[at - 1]?.bars.find((bar) => bar.value === value);
    const number = Number(count.values[row] ?? 0);
    steps[at].bars.push({
      value,
      count: number,
      rate: optional(named('rate'), row) ?? (first?.count ? number / first.count : 1),
      stepRate: optional(named('step_rate'), row) ?? (before?.count ? number / before.count : undefined),
      dropOff: optional(named('drop_off'), row) ?? (before ? before.count - number : undefined),
      medianS: optional(named('median_s'), row),
      p90S: optional(named('p90_s'), row),
      avgS: optional(named('avg_s'), row),
      previousRate: optional(named('previous_rate'), row),
      isSignificant: significance(optional(named('significant'), row)),
      row,
    });
  }
  return { steps, values, count };
}

const significance = (value?: number) => (value === undefined ? undefined : value === 1);

const optional = (field: Field | undefined, row: number): number | undefined => field?.values[row] ?? undefined;

/** The step a row belongs to: the first without a bar for this value. Steps can share a name. */
function place(steps: Step[], value: string, name: string, isSplit: boolean): number {
  const at = isSplit ? steps.findIndex((step) => !step.bars.some((bar) => bar.value === value)) : -1;
  if (at >= 0) {
    return at;
  }
  steps.push({ name, number: steps.length + 1, bars: [] });
  return steps.length - 1;
}
