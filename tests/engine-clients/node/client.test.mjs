// The official client, unchanged, against the embedded engine (or any ClickHouse).
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { createClient } from '@clickhouse/client';

const access = { url: process.env.FOOTFALL_CLICKHOUSE, username: 'default', password: process.env.FOOTFALL_CLICKHOUSE_PASSWORD };
const client = createClient({ ...access, compression: { request: true, response: true } });
const rows = async (query, query_params, extra = {}) =>
  (await client.query({ query, query_params, format: 'JSONEachRow', ...extra })).json();

before(async () => {
  await client.command({ query: 'CREATE DATABASE IF NOT EXISTS node_client' });
  await client.command({ query: 'CREATE TABLE IF NOT EXISTS node_client.t (id UInt64, s String, tags Map(String, String)) ENGINE = MergeTree ORDER BY id' });
  await client.command({ query: 'TRUNCATE TABLE node_client.t' });
});
after(async () => {
  await client.command({ query: 'DROP DATABASE node_client' });
  await client.close();
});

test('ping', async () => assert.equal((await client.ping()).success, true));

test('insert an array and read it back', async () => {
  const values = [{ id: 1, s: "it's \\ \t\n日本", tags: { a: 'b' } }, { id: 2, s: '', tags: {} }];
  const inserted = await client.insert({ table: 'node_client.t', values, format: 'JSONEachRow' });
  assert.equal(inserted.executed, true);
  assert.equal(inserted.summary.written_rows, '2');
  assert.deepEqual((await rows('SELECT * FROM node_client.t ORDER BY id')).map((r) => ({ ...r, id: Number(r.id) })), values);
});

test('insert a stream of many chunks', async () => {
  const stream = Readable.from((function* () { for (let id = 10; id < 50_010; id++) yield { id, s: 'x'.repeat(50), tags: {} }; })());
  await client.insert({ table: 'node_client.t', values: stream, format: 'JSONEachRow' });
  assert.equal(Number((await rows('SELECT count() AS n FROM node_client.t WHERE id >= 10'))[0].n), 50_000);
});

test('bound parameters, settings and a large streamed result', async () => {
  assert.deepEqual(await rows('SELECT {s:String} AS s, {n:Array(UInt8)} AS n', { s: "'; --\\ \n", n: [1, 2] }), [{ s: "'; --\\ \n", n: [1, 2] }]);
  const set = await rows("SELECT getSetting('max_threads') AS n", {}, { clickhouse_settings: { max_threads: 1 } });
  assert.equal(Number(set[0].n), 1);
  let seen = 0;
  const result = await client.query({ query: 'SELECT number FROM numbers(300000)', format: 'JSONCompactEachRowWithNamesAndTypes' });
  for await (const chunk of result.stream()) seen += chunk.length;
  assert.equal(seen, 300_000 + 2, 'two header lines, once');
});

test('whole documents', async () => {
  const document = await (await client.query({ query: 'SELECT number AS n FROM numbers(3)', format: 'JSON' })).json();
  assert.equal(document.rows, 3);
  assert.equal(document.meta[0].name, 'n');
});

test('exceptions have a code and a type', async () => {
  await assert.rejects(rows('SELECT nope'), (error) => error.code === '47' && error.type === 'UNKNOWN_IDENTIFIER');
  await assert.rejects(rows('SELECT * FROM node_client.missing'), (error) => error.code === '60');
  await assert.rejects(
    client.insert({ table: 'node_client.t', values: [{ id: 'no number' }], format: 'JSONEachRow' }), (error) => Number(error.code) > 0);
});

test('an aborted query and a killed one end in the engine', async () => {
  const slow = (query_id, abort_signal) => client.query({
    query: 'SELECT count() FROM numbers(100000000000) WHERE NOT ignore(sipHash64(number))', query_id, abort_signal, format: 'JSONEachRow',
  });
  const running = async (id) => Number((await rows("SELECT count() AS n FROM system.processes WHERE Settings['log_comment'] = {id:String}", { id }))[0].n);
  const until = async (condition) => { for (let n = 0; n < 200 && !(await condition()); n++) await new Promise((r) => setTimeout(r, 50)); };

  const abort = new AbortController();
  const aborted = slow('abort-me', abort.signal).catch((error) => error);
  await until(async () => (await running('abort-me')) === 1);
  abort.abort();
  await aborted;
  await until(async () => (await running('abort-me')) === 0);
  assert.equal(await running('abort-me'), 0);

  const killed = slow('kill-me').catch((error) => error);
  await until(async () => (await running('kill-me')) === 1);
  await assert.rejects(rows('SELECT 1', {}, { query_id: 'kill-me' }), (error) => error.code === '216');
  await client.command({ query: "KILL QUERY WHERE query_id = 'kill-me' SYNC" });
  assert.equal((await killed).code, '394');
  assert.equal(await running('kill-me'), 0);
});

test('a session keeps its temporary table', async () => {
  const session = createClient({ ...access, session_id: 'node-session' });
  await session.command({ query: 'CREATE TEMPORARY TABLE mine (a UInt8)' });
  await session.insert({ table: 'mine', values: [{ a: 7 }], format: 'JSONEachRow' });
  assert.deepEqual(await (await session.query({ query: 'SELECT a FROM mine', format: 'JSONEachRow' })).json(), [{ a: 7 }]);
  await assert.rejects(rows('SELECT a FROM mine'), (error) => error.code === '60');
  await session.close();
});

test('a wrong password is named by its code', async () => {
  const stranger = createClient({ ...access, password: 'wrong' });
  await assert.rejects(stranger.query({ query: 'SELECT 1' }), (error) => error.code === '516' && error.type === 'AUTHENTICATION_FAILED');
  await stranger.close();
});

test('the reader reads, and nothing else', async () => {
  const reader = createClient({
    url: process.env.FOOTFALL_CLICKHOUSE, username: process.env.FOOTFALL_CLICKHOUSE_READER, password: process.env.FOOTFALL_CLICKHOUSE_READER_PASSWORD,
  });
  const events = await reader.query({ query: 'SELECT count() > 0 AS any FROM analytics.events', format: 'JSONEachRow' });
  assert.deepEqual(await events.json(), [{ any: 1 }]);
  for (const query of ['TRUNCATE TABLE analytics.dead_letters', 'SET max_memory_usage = 0', 'KILL QUERY WHERE 1']) {
    await assert.rejects(reader.command({ query }), (error) => error.code === '164', query);
  }
  await assert.rejects(
    reader.insert({ table: 'analytics.dead_letters', values: [{ project: 'x' }], format: 'JSONEachRow' }), (error) => error.code === '164');
  await assert.rejects(reader.query({ query: "SELECT * FROM file('/etc/passwd', 'LineAsString')" }), (error) => error.code === '497');
  await reader.close();
});
