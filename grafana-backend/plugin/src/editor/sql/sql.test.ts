import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { complete, Known } from './completion';
import { formatted } from './format';
import { MACROS } from './macros';

const known: Known = {
  tables: [
    {
      name: 'analytics.events',
      columns: [
        { name: 'country', type: 'String', comment: '' },
        { name: 'odd name', type: 'String', comment: '' },
      ],
    },
    { name: 'shop.orders', columns: [{ name: 'amount', type: 'Float64', comment: '' }] },
  ],
  properties: ['plan', "it's"],
  variables: ['project'],
};
/** The suggestions at `|`. */
function at(marked: string) {
  const cursor = marked.indexOf('|');
  const { replaced, suggestions } = complete(marked.replace('|', ''), cursor, known);
  const of = (kind: string) => suggestions.filter((each) => each.kind === kind).map(({ insert }) => insert);
  return { replaced, of, kinds: [...new Set(suggestions.map(({ kind }) => kind))] };
}

describe('suggestions', () => {
  test('of tables after FROM and JOIN', () => {
    expect(at('SELECT 1 FROM an|').of('table')).toEqual(['analytics.events', 'shop.orders']);
    expect(at('SELECT 1 FROM analytics.ev|')).toMatchObject({ replaced: 12, kinds: ['table'] });
    expect(at('SELECT 1 FROM a JOIN\n|').kinds).toEqual(['table']);
  });

  test('of the columns of the tables that are named', () => {
    expect(at('SELECT co| FROM analytics.events').of('column')).toEqual(['country', '`odd name`']);
    expect(at('SELECT | FROM events').of('column')).toEqual(['country', '`odd name`']);
    expect(at('SELECT | FROM shop.orders').of('column')).toEqual(['amount']);
    expect(at('SELECT |').of('column')).toEqual(['country', '`odd name`', 'amount']);
  });

  test('of properties within their brackets', () => {
    expect(at("SELECT properties['pl|").of('property')).toEqual(["plan']", "it\\'s']"]);
    expect(at("SELECT properties['|']")).toMatchObject({ replaced: 0, kinds: ['property'] });
    expect(at("SELECT properties['|']").of('property')[0]).toBe('plan');
  });

  test('of macros and variables after a dollar', () => {
    const { replaced, of, kinds } = at('WHERE $__ti|');
    expect([replaced, kinds]).toEqual([5, ['variable', 'macro']]);
    expect(of('macro')).toContain('$__timeFilter(ts)');
    expect(of('variable')).toEqual(['$project']);
  });
});

test('formatting keeps macros, variables and parameters', () => {
  const sql =
    "select $__timeInterval(ts) as time, count() from analytics.events where $__timeFilter(ts) and a in (${b:csv}) and c = {d:String} and e = '$f' and g = [[h]] group by time";
  const text = formatted(sql);
  expect(text).toMatch(/^SELECT\n/);
  for (const part of ['$__timeInterval', '$__timeFilter', '${b:csv}', '{d:String}', "'$f'", '[[h]]', 'GROUP BY\n']) {
    expect(text).toContain(part);
  }
  expect(formatted("select 'never closed")).toBe("select 'never closed");
});

test('every macro is described in the documentation', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../../docs/queries/sql.md'), 'utf8');
  for (const { name } of MACROS) {
    expect(page, name).toMatch(new RegExp(`\\$__${name}\\b`));
  }
});
