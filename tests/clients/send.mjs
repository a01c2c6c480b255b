// Other products' clients, unchanged, send known events to the gateway (GATEWAY). Each line printed is
// one event that must be stored: what the client was told to send, in the names of the columns.
//
// The first answer to each client that sends again is lost on its way, after the events were stored.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { Analytics } from '@segment/analytics-node';
import { Umami } from '@umami/node';
import { PostHog } from 'posthog-node';

const gateway = process.env.GATEWAY;
const browser = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36';
const key = (project) => `test-write-key-of-${project}`;
const at = (second) => new Date(Date.UTC(2026, 0, 2, 3, 4, second, 567));
const stored = (row) => console.log(JSON.stringify(row));
const time = (date) => ({ ts: date.toISOString().replace('T', ' ').replace('Z', '') });

/** Forwards to the gateway, and loses its first answer. */
async function lossy() {
  let lost = 0;
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !['host', 'connection', 'content-length', 'transfer-encoding'].includes(name)));
    const answer = await fetch(gateway + request.url, { method: request.method, headers, body: chunks.length ? Buffer.concat(chunks) : undefined });
    const body = Buffer.from(await answer.arrayBuffer());
    if (request.method === 'POST' && !request.url.startsWith('/flags') && lost === 0) {
      assert.equal(answer.status, 200, body.toString());
      lost += 1;
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') }).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, lost: () => lost, close: () => server.close() };
}

async function posthog(project, mode) {
  process.env.POSTHOG_CAPTURE_MODE = mode;
  const door = await lossy();
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
  assert.equal(door.lost(), 1);
  door.close();
}

async function segment() {
  const door = await lossy();
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
  assert.equal(door.lost(), 1);
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

await posthog('posthog', 'v0');
await posthog('posthog-v1', 'v1');
await segment();
await umami();
