// Other products' clients for browsers, unchanged, in Chromium, send known events to the gateway (GATEWAY). Each
// line printed is one event that must be stored, in the names of the columns.
//
// The first answer to each client that sends again is lost on its way, after the events were stored.
import assert from 'node:assert/strict';
import { bundle, launch, shop, until } from './chromium.mjs';
import { open } from './door.mjs';

const gateway = process.env.GATEWAY;
/** Only of a page's view do these clients say its title, if at all. */
const stored = (row) => console.log(JSON.stringify({ ts: 'now', title: '', ...row }));

/** A client on a page, with its way to the gateway. */
async function on(browser, library, { lose = 0 } = {}, act) {
  const door = await open(gateway, { lose });
  const site = await shop('<script src="/client.js"></script>', await bundle(library));
  const context = await browser.context();
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  try {
    await page.goto(`${site.url}/pricing?a=1`);
    await act(page, door, `${site.url}/pricing?a=1`);
    assert.deepEqual(errors, []);
    assert.equal(door.lost, lose);
    assert.ok(door.passed.every(({ status }) => status < 300), JSON.stringify(door.passed));
  } catch (error) {
    throw new Error(`${library}: ${error.stack}; ${JSON.stringify(door.passed)}; ${errors.join()}`);
  } finally {
    await context.close();
    door.close();
    site.close();
  }
}

async function posthog(page, door, url) {
  const ids = () => page.evaluate(() => ({ anonymous_id: client.posthog.get_distinct_id(), session_id: client.posthog.get_session_id() }));
  await page.evaluate((api_host) => {
    const quiet = { autocapture: false, capture_pageview: false, capture_pageleave: false, disable_session_recording: true, disable_surveys: true };
    client.posthog.init('posthog-js', { api_host, opt_out_useragent_filter: true, ...quiet });
    client.posthog.capture('$pageview');
    client.posthog.capture('bought', { plan: 'pro', seats: 5 });
  }, door.site);
  const before = await ids();
  stored({ project: 'posthog-js', event: 'page_view', url, title: 'Shop', path: '/pricing', ...before });
  stored({ project: 'posthog-js', event: 'bought', url, ...before, properties: { plan: 'pro', seats: '5' } });
  await page.evaluate(() => client.posthog.identify('ada', { name: 'Ada' }));
  stored({ project: 'posthog-js', event: 'identify', url, ...before, user_id: 'ada', properties: { $set: '{"name":"Ada"}' } });
  await until('the request without an answer has come again', () => door.lost === 1 && door.passed.some(({ url }) => url.includes('retry_count=')), 60);
}

async function snowplow(page, door, url) {
  const lost = page.waitForEvent('requestfailed');
  const ids = await page.evaluate((collector) => {
    const tracker = client.newTracker('sp', collector, { appId: 'snowplow-js', platform: 'web', stateStorageStrategy: 'cookieAndLocalStorage' });
    client.setUserId('ada');
    client.trackPageView();
    return { anonymous_id: tracker.getDomainUserId(), session_id: tracker.getDomainUserInfo()[6], user_id: 'ada' };
  }, door.site);
  stored({ project: 'snowplow-js', event: 'page_view', url, title: 'Shop', path: '/pricing', ...ids, locale: 'en-GB', properties: { platform: 'web' } });
  await lost;
  // What was not answered goes out with the next event.
  await page.evaluate(() => {
    client.trackSelfDescribingEvent({
      event: { schema: 'iglu:com.acme/added_to_cart/jsonschema/1-0-0', data: { sku: 'a-1', seats: 5 } },
      context: [{ schema: 'iglu:com.acme/product/jsonschema/1-0-0', data: { name: 'Größe 😀' } }],
    });
    client.trackStructEvent({ category: 'video', action: 'play', value: 2 });
  });
  stored({ project: 'snowplow-js', event: 'added_to_cart', url, ...ids, properties: { sku: 'a-1', seats: '5', 'context.product': '{"name":"Größe 😀"}' } });
  stored({ project: 'snowplow-js', event: 'play', url, ...ids, properties: { category: 'video', value: '2' } });
  const sent = () => new Set(door.passed.flatMap(({ body }) => JSON.parse(body).data.map(({ eid }) => eid)));
  await until('the three events have come', () => sent().size === 3);
  await until('nothing waits', () => page.evaluate(() => localStorage.getItem('snowplowOutQueue_sp') === '[]'));
}

async function plausible(page, door, url) {
  await page.evaluate(async (apiHost) => {
    const { trackPageview, trackEvent } = client.default({ domain: 'plausible', apiHost });
    const done = (send) => new Promise((callback) => send({ callback }));
    await done((options) => trackPageview({}, options));
    await done((options) => trackEvent('Signup', { ...options, props: { plan: 'pro', seats: 5 } }));
  }, door.site);
  stored({ project: 'plausible', event: 'page_view', url, path: '/pricing', screen_width: 1280 });
  stored({ project: 'plausible', event: 'Signup', url, properties: { plan: 'pro', seats: '5' } });
  assert.equal(door.passed.length, 2);
}

/** Speaks to a path that was renamed. */
async function plausibleNext(page, door, url) {
  await page.evaluate((endpoint) => {
    client.init({ domain: 'plausible-next', endpoint, autoCapturePageviews: false, outboundLinks: true, captureOnLocalhost: true });
    client.track('pageview', {});
    client.track('Signup', { props: { plan: 'pro' }, revenue: { amount: 9.5, currency: 'EUR' }, interactive: false });
  }, `${door.site}/numbers`);
  stored({ project: 'plausible-next', event: 'page_view', url, path: '/pricing' });
  stored({ project: 'plausible-next', event: 'Signup', url, revenue_amount: 9.5, revenue_currency: 'EUR', properties: { plan: 'pro', interactive: 'false' } });
  await until('both events', () => door.passed.length === 2);
  await page.goto('about:blank');
  await until('what was read', () => door.passed.length === 3);
  const { n, e, sd } = JSON.parse(door.passed[2].body);
  assert.ok(n === 'engagement' && e > 0 && sd > 0 && sd <= 100, door.passed[2].body);
  stored({ project: 'plausible-next', event: n, url, properties: { engagement_ms: `${e}`, scroll_depth: `${sd}` } });
  assert.ok(door.passed.every(({ url }) => url === '/numbers'));
}

const browser = await launch();
try {
  await on(browser, 'posthog-js', { lose: 1 }, posthog);
  await on(browser, '@snowplow/browser-tracker', { lose: 1 }, snowplow);
  await on(browser, 'plausible-tracker', {}, plausible);
  await on(browser, '@plausible-analytics/tracker', {}, plausibleNext);
} finally {
  await browser.close();
}
