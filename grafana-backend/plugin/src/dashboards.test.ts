import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { asked } from './asked';
import { FootfallQuery } from './query';

const FOLDER = join(import.meta.dirname, '../../../dashboards');
/** Dashboards that count people by default. */
const OF_PEOPLE = ['acquisition', 'funnels', 'overview', 'people', 'retention-and-paths', 'sessions'];

const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
const read = (file: string) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
const queries = (file: string): FootfallQuery[] =>
  read(file)
    .panels.flatMap((panel: { targets?: object[] }) => panel.targets ?? [])
    .filter((target: object) => 'queryType' in target);

test.each(files)('%s has no fields that are not sent', (file) => {
  for (const query of queries(file)) {
    expect(asked(query)).toEqual(query);
  }
});

describe.each(OF_PEOPLE.map((name) => `${name}.json`))('%s', (file) => {
  test('uses its traffic variable, which defaults to people', () => {
    expect(queries(file).length).toBeGreaterThan(0);
    // The share of bots is of everything.
    const counted = queries(file).filter((query) => !('formula' in query));
    for (const query of counted) {
      expect(query).toHaveProperty('traffic', '${traffic}');
    }
    const variable = read(file).templating.list.find(({ name }: { name: string }) => name === 'traffic');
    expect(variable.current.value).toBe('people');
  });
});
