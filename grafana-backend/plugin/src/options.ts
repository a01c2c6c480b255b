interface Option {
  value: string;
  label: string;
}

/** The value that somebody means who types instead of choosing: an option's by its name, else what is typed, such as `$traffic`. */
export function meantValue(options: Option[], typed: string): string {
  const text = typed.trim().toLowerCase();
  const meant = options.find(({ value, label }) => value.toLowerCase() === text || label.toLowerCase() === text);
  return meant?.value ?? typed.trim();
}
