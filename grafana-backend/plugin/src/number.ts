/** Parses an integer; undefined if it is none, or outside the limits. */
export function integerWithin(text: string, min: number, max: number): number | undefined {
  const digits = text.trim();
  const number = Number(digits);
  return /^\d+$/.test(digits) && number >= min && number <= max ? number : undefined;
}
