/** Further tables per data source that the backend accepts. */
const TABLES_MAX = 100;

/** The names in a comma-separated list; undefined if there are none, so that the setting is omitted. */
export function namesIn(text: string): string[] | undefined {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  return names.length > 0 ? names : undefined;
}

/** Why the backend would reject these as further tables, if it would. */
export function whyNoTables(text: string): string | undefined {
  const names = namesIn(text) ?? [];
  if (names.length > TABLES_MAX) {
    return `${names.length} tables; at most ${TABLES_MAX} are allowed`;
  }
  const wrong = names.find((name) => !/^[^.]+\..+$/.test(name));
  return wrong && `${JSON.stringify(wrong)} is neither database.table nor database.*`;
}
