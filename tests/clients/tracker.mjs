// The gateway's own tracker, as the gateway (GATEWAY) serves it, on pages in Chromium: what it reports, also
// while the gateway is away, with lost answers, from two tabs, and when a page is left. Each line printed is one
// event that must be stored.
//
// One project for each case.
import assert from 'node:assert/strict';
import { get } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { launch, shop, until } from './chromium.mjs';
import { open } from './door.mjs';

const gateway = process.env.GATEWAY;
const SCRIPT = process.env.SCRIPT;
const SCRIPT_BYTES_MAX = 1_000;
const KEPT_MAX = 100;
const stored = (row) => console.log(JSON.stringify(row));

/** Every event that came through, once. */
function events(door) {
  const all = door.passed.flatMap(({ body }) => JSON.parse(body).events);
  return [...new Map(all.map((event) => [event.event_id, event])).values()];
}

const named = (door, type) => events(door).filter((event) => event.type === type);
const times = (event) => new Date(event.timestamp).toISOString().replace('T', ' ').replace('Z', '');

/** What was read is known by when it was: its time stands in what was sent. */
function read(door, project) {
  for (const event of named(door, 'engagement')) {
    const { engagement_ms, scroll_depth } = event;
    assert.ok(engagement_ms >= 500 && engagement_ms < 60_000 && scroll_depth >= 0 && scroll_depth <= 100, JSON.stringify(event));
    stored({ project, event: 'engagement', url: event.url, ts: times(event), properties: { engagement_ms: `${engagement_ms}`, scroll_depth: `${scroll_depth}` } });
  }
}

/** A context of the browser on a shop that has the tracker, and its way to the gateway. */
async function on(browser, project, act) {
  const door = await open(gateway);
  const early = `<script>window.footfall = window.footfall || function () { (footfall.q = footfall.q || []).push(arguments) }</script>`;
  const site = await shop(`${early}<script defer src="${gateway}${SCRIPT}" data-project="${project}" data-to="${door.site}/v1/events"></script>`);
  const context = await browser.context();
  const errors = [];
  context.on('weberror', (error) => errors.push(String(error.error())));
  try {
    await act({ door, context, url: site.url, project });
    assert.deepEqual(errors, []);
    assert.deepEqual(await context.cookies(), [], 'there are no cookies');
  } catch (error) {
    throw new Error(`${project}: ${error.stack}; ${JSON.stringify(door.passed)}; ${errors.join()}`);
  } finally {
    await context.close();
    door.close();
    site.close();
  }
}

/** Leaves all pages, and waits until nothing comes through any more. */
async function leave(context, door) {
  for (const page of context.pages()) await page.goto('about:blank');
  for (let before = -1; before !== door.passed.length; ) {
    before = door.passed.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

const kept = (page) => page.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('footfall ')).length);
const reported = (page) => until('the tracker is there', () => page.evaluate(() => Boolean(window.footfall && !window.footfall.q)));

/** Views by the history, an event before the script was there, a link to elsewhere, and the end of reading. */
async function visit({ door, context, url, project }) {
  // Scripts that are deferred come after this.
  await context.addInitScript(() => document.addEventListener('readystatechange', () => window.footfall?.('early', { plan: 'pro' }), { once: true }));
  const page = await context.newPage();
  await page.goto(`${url}/a?utm_source=news#top`);
  await until('the first view', () => named(door, 'page_view').length === 1);
  await page.evaluate(() => {
    history.pushState({}, '', '/b');
    history.replaceState({}, '', '/b#part');
  });
  await page.evaluate(() => {
    footfall.fields = { user_id: 'ada' };
    footfall('bought', { seats: 5, nested: { a: [1] }, revenue: { amount: 9.5, currency: 'EUR' } });
    footfall.fields = undefined;
  });
  await page.goBack();
  await until('three views', () => named(door, 'page_view').length === 3);
  await page.mouse.wheel(0, 1000);
  await new Promise((resolve) => setTimeout(resolve, 700));
  const elsewhere = context.waitForEvent('page');
  await page.click('#out');
  await (await elsewhere).close();
  await leave(context, door);
  const [a, b] = [`${url}/a?utm_source=news`, `${url}/b`];
  assert.ok(named(door, 'engagement').some((event) => event.url === a && event.scroll_depth > 20), 'what was read of the last page');
  const views = named(door, 'page_view').sort((one, other) => one.timestamp - other.timestamp);
  assert.deepEqual(views.map((view) => [view.url, view.referrer]), [[a, ''], [b, a], [a, b]]);
  for (const view of views) stored({ project, event: 'page_view', url: view.url, ts: times(view), title: 'Shop', locale: 'en-GB', screen_width: 1280 });
  stored({ project, event: 'early', url: a, ts: 'now', properties: { plan: 'pro' } });
  stored({ project, event: 'bought', url: b, ts: 'now', user_id: 'ada', revenue_amount: 9.5, properties: { seats: '5', nested: '{"a":[1]}' } });
  stored({ project, event: 'outbound_link', url: a, ts: 'now', properties: { link: 'http://other.example/there' } });
  read(door, project);
}

/** The gateway is away over a reload; the answers to what is then sent are lost as well. */
async function away({ door, context, url, project }) {
  const page = await context.newPage();
  door.closed = true;
  await page.goto(`${url}/a`);
  await reported(page);
  await page.evaluate(() => footfall('noted', { at: 1 }));
  await page.goto(`${url}/b`);
  await until('three are kept', async () => (await kept(page)) >= 3);
  assert.equal(door.passed.length, 0);
  Object.assign(door, { closed: false, lose: 1e9 });
  await page.goto(`${url}/c`);
  await until('all have come', () => named(door, 'page_view').length === 3 && named(door, 'noted').length === 1);
  assert.ok((await kept(page)) >= 4, 'without an answer they are kept');
  door.lose = 0;
  await page.goto(`${url}/d`);
  await until('nothing is kept', async () => named(door, 'page_view').length === 4 && (await kept(page)) === 0);
  await leave(context, door);
  for (const path of ['/a', '/b', '/c', '/d']) stored({ project, event: 'page_view', url: url + path, path, ts: 'now' });
  stored({ project, event: 'noted', url: `${url}/a`, ts: 'now', properties: { at: '1' } });
  read(door, project);
}

/** Two tabs lose their network and get it back at the same time. */
async function tabs({ door, context, url, project }) {
  const pages = [await context.newPage(), await context.newPage()];
  for (const [at, page] of pages.entries()) await page.goto(`${url}/${at}`);
  await until('both views', async () => named(door, 'page_view').length === 2 && (await kept(pages[0])) === 0);
  await context.setOffline(true);
  await Promise.all(pages.map((page, at) => page.evaluate((at) => {
    for (let n = 0; n < 20; n += 1) footfall(`tab-${at}-${n}`);
  }, at)));
  assert.ok((await kept(pages[0])) >= 40);
  await context.setOffline(false);
  await until('nothing is kept', async () => (await kept(pages[0])) === 0);
  const names = [0, 1].flatMap((at) => Array.from({ length: 20 }, (_, n) => [`tab-${at}-${n}`, at]));
  for (const [name, at] of names) stored({ project, event: name, url: `${url}/${at}`, ts: 'now' });
  for (const at of [0, 1]) stored({ project, event: 'page_view', url: `${url}/${at}`, ts: 'now' });
  await leave(context, door);
  read(door, project);
}

/** What is kept has an end: the oldest goes. */
async function full({ door, context, url, project }) {
  const page = await context.newPage();
  await page.goto(`${url}/a`);
  await until('the view', async () => named(door, 'page_view').length === 1 && (await kept(page)) === 0);
  door.closed = true;
  await page.evaluate(() => {
    for (let n = 0; n < 250; n += 1) footfall(`n-${n}`);
    // Older than the gateway remembers what it has stored.
    localStorage.setItem(`footfall tracker-full ${Date.now() - 864e5 - 1} old`, '{"type":"old"}');
    localStorage.setItem('theirs', 'stays');
  });
  assert.equal(await kept(page), KEPT_MAX + 1);
  door.closed = false;
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await until('nothing is kept', async () => (await kept(page)) === 0);
  assert.equal(await page.evaluate(() => localStorage.getItem('theirs')), 'stays');
  assert.equal(named(door, 'old').length, 0);
  const came = events(door).filter(({ type }) => type.startsWith('n-'));
  assert.ok(came.length >= KEPT_MAX - 1 && came.some(({ type }) => type === 'n-249'), `${came.length}`);
  for (const { type } of came) stored({ project, event: type, url: `${url}/a`, ts: 'now' });
  stored({ project, event: 'page_view', url: `${url}/a`, ts: 'now' });
  await leave(context, door);
  read(door, project);
}

/** Nobody who asks not to be tracked is. */
function asks(property, value) {
  return async ({ door, context, url }) => {
    await context.addInitScript(([property, value]) => Object.defineProperty(navigator, property, { get: () => value }), [property, value]);
    const page = await context.newPage();
    await page.goto(`${url}/a`);
    await reported(page);
    await page.evaluate(() => {
      footfall('bought');
      history.pushState({}, '', '/b');
    });
    await leave(context, door);
    assert.deepEqual(door.passed, []);
  };
}

/** The script itself: its size, what caches are told, and that it is not sent again unchanged. */
async function script() {
  const ask = (headers) => new Promise((resolve, reject) => get(gateway + SCRIPT, { headers }, async (answer) => {
    const chunks = [];
    for await (const chunk of answer) chunks.push(chunk);
    resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) });
  }).on('error', reject));
  const [plain, gzip, brotli] = await Promise.all([{}, { 'accept-encoding': 'gzip' }, { 'accept-encoding': 'gzip, deflate, br;q=0.9' }].map(ask));
  assert.ok(brotli.body.length <= SCRIPT_BYTES_MAX, `the script has ${brotli.body.length} bytes, at most ${SCRIPT_BYTES_MAX} are allowed`);
  assert.deepEqual(brotliDecompressSync(brotli.body), plain.body);
  assert.deepEqual(gunzipSync(gzip.body), plain.body);
  assert.deepEqual([plain, gzip, brotli].map(({ headers }) => headers['content-encoding']), [undefined, 'gzip', 'br']);
  for (const { headers } of [plain, gzip, brotli]) {
    assert.match(headers['content-type'], /^text\/javascript/);
    assert.match(headers['cache-control'], /^public, max-age=86400/);
    assert.match(headers.vary, /accept-encoding/);
  }
  assert.ok(plain.body.includes('"/numbers/in"') && !plain.body.includes('/v1/events'), 'it knows where events went');
  const known = await ask({ 'if-none-match': plain.headers.etag });
  assert.deepEqual([known.status, known.body.length], [304, 0]);
  return brotli.body.length;
}

const bytes = await script();
const browser = await launch();
try {
  await on(browser, 'tracker', visit);
  await on(browser, 'tracker-away', away);
  await on(browser, 'tracker-tabs', tabs);
  await on(browser, 'tracker-full', full);
  await on(browser, 'tracker-dnt', asks('doNotTrack', '1'));
  await on(browser, 'tracker-gpc', asks('globalPrivacyControl', true));
} finally {
  await browser.close();
}
console.error(`the tracker has ${bytes} bytes compressed`);
