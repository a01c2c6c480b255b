const UNITS: Array<[string, number]> = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/** The shortest exact form: 5400000 is `1h 30m`. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms);
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) {
      parts.push(`${count}${unit}`);
      rest -= count * size;
    }
  }
  return parts.join(' ') || '0s';
}

/** Parses a duration such as `7d` or `1h 30m` into milliseconds; undefined if it is invalid or empty. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase();
  if (!/^(\d+(\.\d+)?\s*(ms|s|m|h|d|w)\s*)+$/.test(trimmed)) {
    return undefined;
  }
  let ms = 0;
  for (const [, count, , unit] of trimmed.matchAll(/(\d+(\.\d+)?)\s*(ms|s|m|h|d|w)/g)) {
    ms += Number(count) * (unit === 'w' ? 7 * 86_400_000 : UNITS.find(([name]) => name === unit)![1]);
  }
  return Math.round(ms);
}

/** A rounded duration for display, in Grafana's style: `1.4 min`. */
export function readableDuration(seconds: number): string {
  if (seconds < 1) {
    return `${Math.round(seconds * 1000)} ms`;
  }
  const steps: Array<[number, string]> = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const [size, unit] = steps.find(([size]) => seconds >= size) ?? [1, 's'];
  const value = seconds / size;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}
