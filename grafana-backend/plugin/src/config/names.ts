/** Further tables of one datasource that the backend takes. */
const TABLES_MAX = 100;

/** The names of a list with commas; none if there are none, so that the setting is left out. */
export function namesIn(text: string): string[] | undefined {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  return names.length > 0 ? names : undefined;
}

/** Why the backend would refuse these as further tables, if it would. */
export function whyNoTables(text: string): string | undefined {
  const names = namesIn(text) ?? [];
  if (names.length > TABLES_MAX) {
    return `${names.length} tables; at most ${TABLES_MAX} are allowed`;
  }
  const wrong = names.find((name) => !/^[^.]+\..+$/.test(name));
  return wrong && `${JSON.stringify(wrong)} is neither database.table nor database.*`;
}
