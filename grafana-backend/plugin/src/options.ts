interface Option {
  value: string;
  label: string;
}

/** The value for typed input: the option with that label, or the input itself, such as `$traffic`. */
export function meantValue(options: Option[], typed: string): string {
  const text = typed.trim().toLowerCase();
  const meant = options.find(({ value, label }) => value.toLowerCase() === text || label.toLowerCase() === text);
  return meant?.value ?? typed.trim();
}
