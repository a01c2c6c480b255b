/** Where events go, and whose they are. */
export interface Target {
  gatewayUrl: string;
  project: string;
}

export interface Client {
  id: string;
  name: string;
  language: 'html' | 'javascript' | 'shell' | 'python';
  /** What to know before copying it. */
  note?: string;
  snippet: (target: Target) => string;
}

/** An address without its last slash; only http and https are addresses here. */
export function gatewayAddress(text: string): string | undefined {
  try {
    const url = new URL(text.trim());
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href.replace(/\/+$/, '') : undefined;
  } catch {
    return undefined;
  }
}

/** A text as it stands in a string of JavaScript, Python or JSON, and safely in a page. */
const quoted = (text: string) => JSON.stringify(text).replaceAll('<', '\\u003c');
/** A text as a shell's word. */
const word = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
/** A text as an attribute's value. */
const attribute = (text: string) =>
  `"${text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')}"`;
const host = (gatewayUrl: string) => gatewayUrl.replace(/^https?:\/\//, '');

/** The clients that docs/clients.md describes, and the plain request. */
export const CLIENTS: Client[] = [
  {
    id: 'curl',
    name: 'curl',
    language: 'shell',
    snippet: ({ gatewayUrl, project }) =>
      `curl -i ${word(`${gatewayUrl}/v1/events`)} \\
  -H ${word(`X-App: ${project}`)} -H 'Content-Type: application/json' \\
  -d '{"type": "page_view", "path": "/", "anonymous_id": "me", "session_id": "first"}'`,
  },
  {
    id: 'page',
    name: 'Web page',
    language: 'html',
    note: 'Counts page views without a library. One of the clients below also counts visitors across visits.',
    snippet: ({ gatewayUrl, project }) => `<script>
  navigator.sendBeacon(
    ${quoted(`${gatewayUrl}/v1/events?project=${encodeURIComponent(project)}`)},
    JSON.stringify({type: 'page_view', url: location.href, referrer: document.referrer, title: document.title})
  );
</script>`,
  },
  {
    id: 'posthog',
    name: 'PostHog',
    language: 'javascript',
    snippet: ({ gatewayUrl, project }) => `import posthog from 'posthog-js';

posthog.init(${quoted(project)}, {api_host: ${quoted(gatewayUrl)}});
posthog.capture('sign_up', {plan: 'pro'});`,
  },
  {
    id: 'segment',
    name: 'Segment',
    language: 'javascript',
    note: 'The same for the libraries of RudderStack and Jitsu.',
    snippet: ({ gatewayUrl, project }) => `import { AnalyticsBrowser } from '@segment/analytics-next';

const analytics = AnalyticsBrowser.load({
  writeKey: ${quoted(project)},
  cdnSettings: {integrations: {'Segment.io': {apiKey: ${quoted(project)}, apiHost: ${quoted(`${host(gatewayUrl)}/v1`)}}}},
});
analytics.page();`,
  },
  {
    id: 'umami',
    name: 'Umami',
    language: 'html',
    note: 'Serve Umami’s script.js yourself; only its events go to the gateway.',
    snippet: ({ gatewayUrl, project }) =>
      `<script defer src="/script.js" data-website-id=${attribute(project)} data-host-url=${attribute(gatewayUrl)}></script>`,
  },
  {
    id: 'plausible',
    name: 'Plausible',
    language: 'javascript',
    snippet: ({ gatewayUrl, project }) => `import { init } from '@plausible-analytics/tracker';

init({domain: ${quoted(project)}, endpoint: ${quoted(`${gatewayUrl}/api/event`)}});`,
  },
  {
    id: 'node',
    name: 'Node.js',
    language: 'javascript',
    note: 'On a server, put one of FOOTFALL_WRITE_KEYS in the place of the project: address and user agent are then the visitor’s.',
    snippet: ({ gatewayUrl, project }) => `await fetch(${quoted(`${gatewayUrl}/v1/events`)}, {
  method: 'POST',
  headers: {'X-App': ${quoted(project)}, 'Content-Type': 'application/json'},
  body: JSON.stringify([{type: 'sign_up', user_id: 'u1', details: {plan: 'pro'}}]),
});`,
  },
  {
    id: 'python',
    name: 'Python',
    language: 'python',
    snippet: ({ gatewayUrl, project }) => `import json, urllib.request

urllib.request.urlopen(urllib.request.Request(
    ${quoted(`${gatewayUrl}/v1/events`)},
    data=json.dumps([{"type": "sign_up", "user_id": "u1", "details": {"plan": "pro"}}]).encode(),
    headers={"X-App": ${quoted(project)}, "Content-Type": "application/json"},
))`,
  },
];
