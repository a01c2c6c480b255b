/** The whole number that a text is, if it is one within these limits. */
export function wholeNumber(text: string, min: number, max: number): number | undefined {
  const digits = text.trim();
  const number = Number(digits);
  return /^\d+$/.test(digits) && number >= min && number <= max ? number : undefined;
}
