// Other products' clients, unchanged, send known events to the gateway (GATEWAY). Each line printed is
// one event that must be stored: what the client was told to send, in the names of the columns.
//
// The first answer to each client that sends again is lost on its way, after the events were stored.
import assert from 'node:assert/strict';
import { Analytics } from '@segment/analytics-node';
import { buildPageView, buildSelfDescribingEvent, buildStructEvent, newTracker } from '@snowplow/node-tracker';
import { Umami } from '@umami/node';
import MatomoTracker from 'matomo-tracker';
import { PostHog } from 'posthog-node';
import { open } from './door.mjs';

const gateway = process.env.GATEWAY;
const browser = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36';
const key = (project) => `test-write-key-of-${project}`;
const at = (second) => new Date(Date.UTC(2026, 0, 2, 3, 4, second, 567));
const stored = (row) => console.log(JSON.stringify(row));
const time = (date) => ({ ts: date.toISOString().replace('T', ' ').replace('Z', '') });

async function posthog(project, mode) {
  process.env.POSTHOG_CAPTURE_MODE = mode;
  const door = await open(gateway, { lose: 1 });
  const client = new PostHog(key(project), { host: door.url, flushInterval: 50, fetchRetryDelay: 50 });
  const errors = [];
  client.on('error', (error) => errors.push(error));
  client.capture({ distinctId: 'ada', event: 'bought', timestamp: at(1), properties: { plan: 'pro', seats: 5, $session_id: 's-1' } });
  stored({ project, event: 'bought', user_id: 'ada', session_id: 's-1', bot: '', ...time(at(1)), properties: { plan: 'pro', seats: '5' } });
  client.capture({ distinctId: 'ada', event: '$pageview', timestamp: at(2), properties: { $current_url: 'https://shop.example/pricing?a=1' } });
  stored({ project, event: 'page_view', user_id: 'ada', ...time(at(2)), path: '/pricing', url: 'https://shop.example/pricing?a=1' });
  client.capture({ distinctId: 'anon-1', event: 'looked', timestamp: at(3), properties: { $process_person_profile: false } });
  stored({ project, event: 'looked', anonymous_id: 'anon-1', ...time(at(3)) });
  client.identify({ distinctId: 'ada', properties: { $set: { name: 'Ada' } } });
  stored({ project, event: 'identify', user_id: 'ada', ts: 'now', properties: { $set: '{"name":"Ada"}' } });
  client.alias({ distinctId: 'ada', alias: 'anon-1' });
  stored({ project, event: 'alias', user_id: 'ada', ts: 'now', properties: { alias: 'anon-1' } });
  client.groupIdentify({ groupType: 'company', groupKey: 'acme', properties: { seats: 5 }, distinctId: 'ada' });
  stored({ project, event: 'group', user_id: 'ada', ts: 'now', properties: { $group_key: 'acme', $group_type: 'company' } });
  assert.ok(!(await client.isFeatureEnabled('anything', 'ada', { sendFeatureFlagEvents: false })), 'there are no flags');
  await client.shutdown();
  assert.deepEqual(errors, []);
  assert.equal(door.lost, 1);
  door.close();
}

async function segment() {
  const door = await open(gateway, { lose: 1 });
  const client = new Analytics({ writeKey: key('segment'), host: door.url, flushInterval: 50, maxEventsInBatch: 6 });
  const errors = [];
  client.on('error', (error) => errors.push(error));
  const context = { ip: '81.2.69.160', userAgent: browser, locale: 'en-GB', sessionId: 's-1', app: { version: '1.2.3' } };
  client.track({ userId: 'ada', event: 'Order Completed', timestamp: at(1), properties: { plan: 'pro', revenue: 12.5, currency: 'EUR' }, context });
  stored({ project: 'segment', event: 'Order Completed', user_id: 'ada', session_id: 's-1', ...time(at(1)), browser: 'Chrome', country: 'GB', bot: '', locale: 'en-GB', app_version: '1.2.3', revenue_amount: 12.5, revenue_currency: 'EUR', properties: { plan: 'pro' } });
  client.page({ anonymousId: 'anon-1', name: 'Pricing', timestamp: at(2), properties: { url: 'https://shop.example/pricing?a=1', title: 'Pricing' } });
  stored({ project: 'segment', event: 'page_view', anonymous_id: 'anon-1', ...time(at(2)), path: '/pricing', url: 'https://shop.example/pricing?a=1', title: 'Pricing', properties: { name: 'Pricing' } });
  client.screen({ userId: 'ada', name: 'Home', timestamp: at(3) });
  stored({ project: 'segment', event: 'screen', user_id: 'ada', bot: '', country: '', ...time(at(3)), path: 'Home' });
  client.identify({ userId: 'ada', anonymousId: 'anon-1', timestamp: at(4), traits: { plan: 'pro' } });
  stored({ project: 'segment', event: 'identify', user_id: 'ada', anonymous_id: 'anon-1', ...time(at(4)), properties: { plan: 'pro' } });
  client.group({ userId: 'ada', groupId: 'acme', timestamp: at(5), traits: { industry: 'rockets' } });
  stored({ project: 'segment', event: 'group', user_id: 'ada', ...time(at(5)), properties: { groupId: 'acme', industry: 'rockets' } });
  client.alias({ userId: 'ada', previousId: 'anon-1', timestamp: at(6) });
  stored({ project: 'segment', event: 'alias', user_id: 'ada', ...time(at(6)), properties: { previousId: 'anon-1' } });
  await client.closeAndFlush();
  assert.deepEqual(errors, []);
  assert.equal(door.lost, 1);
  door.close();
}

async function umami() {
  const client = new Umami({ websiteId: 'umami', hostUrl: gateway, userAgent: browser });
  const taken = async (answer) => {
    assert.equal(answer.status, 200);
    assert.deepEqual(Object.keys(await answer.json()), ['cache', 'sessionId', 'visitId']);
  };
  await taken(await client.track({ url: '/pricing?a=1', hostname: 'shop.example', language: 'en-GB', title: 'Pricing', screen: '1920x1080' }));
  stored({ project: 'umami', event: 'page_view', ts: 'now', path: '/pricing', url: 'https://shop.example/pricing?a=1', title: 'Pricing', locale: 'en-GB', screen_width: 1920, browser: 'Chrome' });
  await taken(await client.track('bought', { plan: 'pro', seats: 5 }));
  stored({ project: 'umami', event: 'bought', ts: 'now', properties: { plan: 'pro', seats: '5' } });
  await taken(await client.identify({ plan: 'pro' }));
  stored({ project: 'umami', event: 'identify', ts: 'now', properties: { plan: 'pro' } });
}

async function snowplow(project, settings) {
  const door = await open(gateway, { lose: 1, hasEvents: () => true });
  const client = newTracker({ namespace: 'sp', appId: key(project), encodeBase64: settings.encodeBase64 }, { endpoint: door.url, bufferSize: 100, ...settings });
  client.setUserId('ada');
  client.setDomainUserId('domain-1');
  client.setSessionId('s-1');
  client.setIpAddress('81.2.69.160');
  client.setUseragent(browser);
  client.setScreenResolution('1920', '1080');
  client.setLang('en-GB');
  const of = { project, user_id: 'ada', anonymous_id: 'domain-1', session_id: 's-1', browser: 'Chrome', country: 'GB', bot: '', locale: 'en-GB', screen_width: 1920 };
  const product = [{ schema: 'iglu:com.acme/product/jsonschema/1-0-0', data: { name: 'Größe 😀' } }];
  const url = 'https://shop.example/pricing?a=1';
  client.track(buildPageView({ pageUrl: url, pageTitle: 'Pricing', referrer: 'https://www.google.com/' }), [], { type: 'ttm', value: at(1).getTime() });
  stored({ ...of, event: 'page_view', ...time(at(1)), path: '/pricing', url, title: 'Pricing', properties: { platform: 'srv' } });
  const added = { schema: 'iglu:com.acme/added_to_cart/jsonschema/1-0-0', data: { sku: 'a-1', seats: 5 } };
  client.track(buildSelfDescribingEvent({ event: added }), product, at(2).getTime());
  stored({ ...of, event: 'added_to_cart', ...time(at(2)), properties: { sku: 'a-1', seats: '5', schema: added.schema, 'context.product': '{"name":"Größe 😀"}' } });
  client.track(buildStructEvent({ category: 'video', action: 'play', label: 'intro', value: 2 }));
  stored({ ...of, event: 'play', ts: 'now', properties: { category: 'video', label: 'intro', value: '2' } });
  // What was not answered is sent again with the next flush.
  while (door.lost === 0) await client.flush();
  await client.flush();
  assert.ok(door.passed.length > 1 && door.passed.every(({ status }) => status === 200), JSON.stringify(door.passed));
  door.close();
}

async function matomo() {
  const client = new MatomoTracker('matomo', `${gateway}/matomo.php`);
  const errors = [];
  client.on('error', (error) => errors.push(error));
  const of = { url: 'https://shop.example/pricing?a=1', cip: '81.2.69.160', ua: browser, uid: 'ada', _id: '0123456789abcdef', token_auth: key('matomo') };
  const row = { project: 'matomo', url: of.url, user_id: 'ada', anonymous_id: '0123456789abcdef', browser: 'Chrome', country: 'GB', bot: '' };
  const events = [
    { ...of, action_name: 'Pricing', res: '1920x1080', cdt: at(1).getTime() / 1000, rand: '1' },
    { ...of, e_c: 'video', e_a: 'play', e_v: 2, cdt: '2026-01-02 03:04:02', rand: '2' },
  ];
  // It sends nothing again by itself; who does so stores nothing twice.
  for (let n = 0; n < 2; n += 1) {
    const answer = JSON.parse(await new Promise((callback) => client.trackBulk(structuredClone(events), callback)));
    assert.deepEqual(answer, { status: 'success', tracked: 2, invalid: 0, invalid_indices: [] });
  }
  stored({ ...row, event: 'page_view', ...time(at(1)), title: 'Pricing', screen_width: 1920 });
  stored({ ...row, event: 'play', ts: '2026-01-02 03:04:02.000', properties: { category: 'video', value: '2' } });
  assert.deepEqual(errors, []);
}

await posthog('posthog', 'v0');
await posthog('posthog-v1', 'v1');
await segment();
await umami();
await snowplow('snowplow', { eventMethod: 'post' });
await snowplow('snowplow-get', { eventMethod: 'get', encodeBase64: false });
await matomo();
