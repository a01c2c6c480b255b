// Runs the front end in a real browser, over the preview host: the real plugin process, the real
// engine, and the built module.js loaded the way Grafana does.
//
//   node tests/browser.mjs <preview URL> <demo summary> [folder for screenshots]
//
// The summary's numbers have been verified by an independent count.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import axe from 'axe-core';
import { chromium } from 'playwright-core';

const [address, summaryFile, pictures] = process.argv.slice(2);
// Whole pages at 900 and 1,440 px, to look at.
const narrowPictures = process.env.FOOTFALL_LOOK;
const summary = JSON.parse(readFileSync(summaryFile, 'utf8'));
// The last quarter, so that there is an earlier range to compare with.
const quarter = `from=${new Date(summary.to_ms - 90 * 86_400_000).toISOString()}&to=${new Date(summary.to_ms).toISOString()}`;
const range = `from=${new Date(summary.from_ms).toISOString()}&to=${new Date(summary.to_ms).toISOString()}`;
const WAIT = { timeout: 30_000 };
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const checks = {
  funnelByClicks,
  configuration,
  firstSteps,
  sqlEditor,
  actors,
  variable,
  annotation,
  adhocFilter,
  filters,
  negatedFilter,
  numbers,
  traffic,
  questions,
  dashboards,
};

if (!CHROMIUM) {
  console.error('Chromium is missing: apt-get install chromium');
  process.exit(2);
}
for (const folder of [pictures, narrowPictures].filter(Boolean)) {
  mkdirSync(folder, { recursive: true });
}
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.stack ?? String(error)));
  try {
    await check(page);
    assert.deepEqual(errors, [], 'the page threw errors');
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error.stack}\n${errors.join('\n')}`);
    await page.screenshot({ path: `${summaryFile}-${name}.png` });
  }
  await page.close();
}
await browser.close();
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

/** Builds the demo's funnel with clicks and reads the numbers off the panel. */
async function funnelByClicks(page) {
  await page.goto(`${address}/?explore&${range}`);
  await choose(page, 'Query type', 'Funnel');
  const steps = [
    { name: 'Home', event: 'page_view', path: '/' },
    { name: 'Pricing', event: 'page_view', path: '/pricing' },
    { name: 'Sign-up', event: 'sign_up' },
    { name: 'Purchase', event: 'purchase', path: '/checkout/*' },
  ];
  for (const [at, step] of steps.entries()) {
    const label = `Step ${at + 1}`;
    if (at >= 2) {
      await page.getByRole('button', { name: 'Step', exact: true }).click();
    }
    await page.getByLabel(`${label}: name`, { exact: true }).fill(step.name);
    await page.keyboard.press('Enter');
    await choose(page, `${label}: event`, step.event);
    if (step.path) {
      await choose(page, `${label}: path`, step.path);
    }
  }
  for (const [at, row] of summary.funnel.entries()) {
    const bar = page.getByRole('listitem', { name: `${at + 1} ${row.step}`, exact: true });
    await bar.getByText(row.count.toLocaleString('en'), { exact: true }).first().waitFor(WAIT);
  }
  // With the keyboard: moving the fourth step before the third changes the numbers.
  await page.getByLabel('Move step 4', { exact: true }).focus();
  await page.keyboard.press('Space');
  await page.waitForTimeout(300);
  await page.keyboard.press('ArrowUp');
  await page.waitForTimeout(500);
  await page.keyboard.press('Space');
  await page.getByRole('listitem', { name: '3 Purchase', exact: true }).waitFor(WAIT);
  await page.getByRole('button', { name: 'Statement and cost' }).click();
  await page.getByText(/Reads about [\d,]+ rows in \d+ parts/).waitFor(WAIT);
  await page
    .getByText(/FROM analytics\.events AS events FINAL/)
    .first()
    .waitFor(WAIT);
}

/** Input is stored where Grafana expects it, with secrets separate; Save & test reports what it finds. */
async function configuration(page) {
  await page.goto(`${address}/?config`);
  await page.getByLabel('URL', { exact: true }).fill('https://clickhouse:8443');
  await page.getByLabel('User', { exact: true }).fill('reader');
  await page.getByLabel('Password', { exact: true }).fill('s3cret');
  await page.getByLabel('Default project', { exact: true }).fill('website');
  const tables = page.getByLabel('Further tables', { exact: true });
  await tables.fill('orders');
  await tables.blur();
  assert.match(await tables.getAttribute('title'), /"orders" is neither database\.table nor database\.\*/);
  await tables.fill('shop.orders, crm.*');
  await tables.blur();
  await page.getByRole('button', { name: 'Expand TLS' }).click();
  await page.getByRole('button', { name: 'Expand HTTP headers' }).click();
  await page.getByLabel('Client certificate', { exact: true }).click({ force: true });
  await page.getByRole('button', { name: 'Header', exact: true }).click();
  await page.getByLabel('Header 1: name').fill('X-Tenant');
  await page.getByLabel('Header 1: value').fill('a');
  const kept = JSON.parse(await page.getByTestId('kept').textContent());
  assert.equal(kept.url, 'https://clickhouse:8443');
  assert.deepEqual(kept.jsonData, {
    username: 'reader',
    defaultProject: 'website',
    sqlTables: ['shop.orders', 'crm.*'],
    tlsAuth: true,
    httpHeaders: [{ name: 'X-Tenant', value: 'a' }],
  });
  assert.deepEqual(kept.secureJsonData, ['password']);
  assert.ok(!JSON.stringify(kept).includes('s3cret'));
  await page.getByRole('button', { name: 'Save & test' }).click();
  await page.getByText(/tables at migration \d+; \d+ events of \d+ projects, the newest of/).waitFor(WAIT);
  await accessible(page, '[data-testid="editor"]', 'configuration');
  await picture(page, 'data-source', true);
}

/** The app tests the data source, shows what to copy, and sees events arrive. */
async function firstSteps(page) {
  await page.goto(`${address}/?start`);
  await page.getByText('Connected', { exact: true }).waitFor(WAIT);
  await page.getByLabel('Gateway', { exact: true }).fill('https://events.example/');
  await page.keyboard.press('Enter');
  const shell = page.getByLabel('Snippet for curl');
  await shell.getByText("curl -i 'https://events.example/v1/events'").waitFor(WAIT);
  await page.getByRole('tab', { name: 'PostHog' }).click();
  const snippet = page.getByLabel('Snippet for PostHog');
  await snippet.getByText('posthog.init("website", {api_host: "https://events.example"});').waitFor(WAIT);
  await page.getByRole('table', { name: 'Latest events' }).getByText('page_view').first().waitFor(WAIT);
  await accessible(page, '[data-testid="editor"]', 'first steps');
  await picture(page, 'get-started', true);
}

/** A variable that lists the values of a column, and one that lists events. */
async function variable(page) {
  await page.goto(`${address}/?variable`);
  const values = page.getByTestId('result');
  await values.getByText('website', { exact: true }).waitFor(WAIT);
  await page.getByRole('radio', { name: 'Events', exact: true }).check();
  await values.getByText('sign_up', { exact: true }).waitFor(WAIT);
  await page.getByRole('radio', { name: 'Values', exact: true }).check();
  await choose(page, 'Field', 'Country');
  await values.getByText('SE', { exact: true }).waitFor(WAIT);
  await accessible(page, '[data-testid="editor"]', 'variable');
}

/** Annotations: events, and spikes, whose editor has other fields. */
async function annotation(page) {
  await page.goto(`${address}/?annotation&${quarter}`);
  await choose(page, 'Events: event', 'purchase');
  await page.getByTestId('result').getByText('purchase').first().waitFor(WAIT);
  await accessible(page, '[data-testid="editor"]', 'annotation');
  await page.getByRole('radio', { name: 'Spikes', exact: true }).check();
  await page.getByText('Minimum events', { exact: true }).waitFor(WAIT);
  await accessible(page, '[data-testid="editor"]', 'annotation of spikes');
}

/** An ad hoc filter applies to every panel: filtering by a country leaves only that country's sessions. */
async function adhocFilter(page) {
  await page.goto(`${address}/?dashboard=overview&${quarter}`);
  const countries = page.getByTestId('dashboard-panel-15');
  await countries.getByText('US', { exact: true }).waitFor(WAIT);
  await choose(page, 'Filter by', 'Country');
  await choose(page, 'Value', 'SE');
  await page.getByRole('button', { name: 'country = SE' }).waitFor(WAIT);
  await countries.getByText('US', { exact: true }).waitFor({ ...WAIT, state: 'detached' });
  await countries.getByText('SE', { exact: true }).waitFor(WAIT);
}

/** An incomplete filter changes nothing, a complete one applies, and a hidden one never does. */
async function filters(page) {
  await explore(page, { queryType: 'sessions', result: 'by', dimension: 'country', limit: 100 });
  const cell = (text) => page.getByTestId('result').getByText(text, { exact: true }).first();
  await cell('US').waitFor(WAIT);
  await page.getByTestId('editor').getByRole('button', { name: 'Filter', exact: true }).click();
  await page.getByRole('combobox', { name: 'Filter, condition 1: field', exact: true }).waitFor(WAIT);
  await page.waitForTimeout(500);
  assert.equal(await page.getByRole('alert').count(), 0, 'an incomplete filter causes an error');
  await choose(page, 'Filter, condition 1: field', 'Country');
  await page.waitForTimeout(500);
  assert.ok(await cell('US').isVisible(), 'a filter without a value is sent');
  await choose(page, 'Filter, condition 1: value', 'SE');
  await cell('US').waitFor({ ...WAIT, state: 'detached' });
  await cell('SE').waitFor(WAIT);
  await choose(page, 'Query type', 'SQL');
  await page.locator('.monaco-editor .view-line').first().waitFor(WAIT);
  assert.equal(await page.getByRole('group', { name: 'Filter', exact: true }).count(), 0);
  await choose(page, 'Query type', 'Sessions');
  const group = page.getByRole('group', { name: 'Filter', exact: true });
  await group.waitFor(WAIT);
  assert.equal(await group.getByRole('combobox').count(), 0, 'a hidden filter came back');
}

/** A filter negated as a whole is shown as negated, and is. */
async function negatedFilter(page) {
  const filter = { not: { any: [{ field: 'country', op: '=', value: 'US' }] } };
  await explore(page, { queryType: 'sessions', result: 'by', dimension: 'country', limit: 100, filter });
  await page.getByTestId('result').getByText('SE', { exact: true }).first().waitFor(WAIT);
  assert.equal(await page.getByTestId('result').getByText('US', { exact: true }).count(), 0);
  const group = page.getByRole('group', { name: 'Filter', exact: true });
  assert.ok(await group.getByRole('radio', { name: 'none of', exact: true }).isChecked());
}

/** A number applies on blur or Enter, not per keystroke, and can be cleared. */
async function numbers(page) {
  await explore(page, { queryType: 'sessions', result: 'by', dimension: 'country', limit: 3 });
  const rows = page.getByLabel('Rows', { exact: true });
  const asked = [];
  page.on('request', (request) => {
    if (request.url().includes('/api/ds/query')) {
      asked.push(JSON.parse(request.postData()).queries[0].limit);
    }
  });
  await page.getByTestId('result').getByText('US', { exact: true }).first().waitFor(WAIT);
  asked.length = 0;
  await rows.press('End');
  await rows.pressSequentially('0');
  await rows.press('Enter');
  await until(() => asked.length > 0);
  await rows.fill('');
  await rows.press('Enter');
  await until(() => asked.length > 1);
  assert.deepEqual(asked, [30, undefined]);
  assert.equal(await rows.inputValue(), '');
  assert.equal(await rows.getAttribute('placeholder'), '10');
}

/** Bots are included in the numbers, and can be excluded. */
async function traffic(page) {
  await explore(page, { queryType: 'sessions', result: 'by', dimension: 'device_type', limit: 100 });
  const bot = page.getByTestId('result').getByText('bot', { exact: true }).first();
  const desktop = page.getByTestId('result').getByText('desktop', { exact: true }).first();
  await bot.waitFor(WAIT);
  await choose(page, 'Traffic', 'People');
  await bot.waitFor({ ...WAIT, state: 'detached' });
  await desktop.waitFor(WAIT);
  await choose(page, 'Traffic', 'Bots only');
  await bot.waitFor(WAIT);
}

/** SQL has its own editor, and its result is drawn. */
async function sqlEditor(page) {
  const query = {
    queryType: 'sql',
    rawSql: 'SELECT event, count() AS n FROM analytics.events GROUP BY event ORDER BY n DESC',
  };
  await page.goto(`${address}/?explore&${range}&query=${encodeURIComponent(JSON.stringify(query))}`);
  await page.locator('.monaco-editor .view-line').first().waitFor(WAIT);
  await page.getByTestId('result').getByText('page_view', { exact: true }).waitFor(WAIT);
  // The dashboard's variable is bound, within quotes too; Ctrl-Enter runs.
  await page.locator('.monaco-editor').first().click();
  await page.keyboard.press('Control+A');
  await page.keyboard.type(
    "SELECT event, count() AS n FROM analytics.events WHERE project = '$project' AND event = 'sign_up' GROUP BY event"
  );
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Enter');
  await page
    .getByTestId('result')
    .getByText('page_view', { exact: true })
    .waitFor({ ...WAIT, state: 'detached' });
  await page.getByTestId('result').getByText('sign_up', { exact: true }).waitFor(WAIT);
  await page.getByRole('button', { name: 'Format', exact: true }).click();
  await page
    .locator('.view-line')
    .filter({ hasText: /^\s*FROM\s*$/ })
    .first()
    .waitFor(WAIT);
  await page.locator('.monaco-editor').first().click();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('SELECT 1 FROM ');
  await page.keyboard.press('Control+Space');
  await page.locator('.suggest-widget').getByText('analytics.events').first().waitFor(WAIT);
}

/** Clicking a bar lists the people behind it, as many as the bar shows. */
async function actors(page) {
  const steps = [
    { event: 'page_view', path: '/' },
    { event: 'sign_up' },
    { event: 'purchase', path: '/checkout/done' },
  ];
  const query = {
    queryType: 'funnel',
    by: 'visitor',
    conversionWindowMs: 3_600_000,
    steps,
    filter: { field: 'country', value: 'SE' },
  };
  await page.goto(`${address}/?explore&${range}&query=${encodeURIComponent(JSON.stringify(query))}`);
  const bar = page.getByRole('button', { name: /^purchase .*Show who completed it$/ });
  await bar.waitFor(WAIT);
  const count = Number((await bar.getAttribute('aria-label')).match(/: ([\d,]+),/)[1].replaceAll(',', ''));
  await bar.click();
  const list = page.getByRole('table', { name: 'Actors' });
  await list.waitFor(WAIT);
  assert.equal(await list.locator('tbody tr').count(), Math.min(count, 200));
}

/** Every query type: its editor shows the query, and the result is drawn. Takes the screenshots of docs/queries/. */
async function questions(page) {
  const home = { name: 'Home', event: 'page_view', path: '/' };
  const signUp = { name: 'Sign-up', event: 'sign_up' };
  const queries = {
    funnel: {
      conversionWindowMs: 7 * 86_400_000,
      by: 'visitor',
      steps: [home, { ...signUp, optional: true }, { name: 'Purchase', event: 'purchase' }],
      breakdown: { dimension: 'device_type', attribution: 'first', limit: 3 },
    },
    sessions: { result: 'over_time', interval: 'week', measures: ['sessions', 'visitors', 'bounce_rate'] },
    trend: {
      interval: 'week',
      series: [{ event: 'sign_up' }, { event: 'page_view', measure: 'visitors' }],
      formula: 'A / B',
    },
    retention: { interval: 'week', firstTime: true, start: { event: 'page_view' }, returns: { event: 'page_view' } },
    lifecycle: { interval: 'week', event: 'page_view' },
    stickiness: { interval: 'day', event: 'page_view' },
    attribution: { conversion: { event: 'sign_up' }, models: ['first', 'last_non_direct', 'linear'] },
    paths: { anchor: { event: 'sign_up' }, direction: 'backward', steps: 4 },
    events: {
      limit: 100,
      event: 'purchase',
      filter: { all: [{ field: 'country', op: 'in', values: ['DE', 'SE'] }] },
    },
    cohorts: { limit: 100 },
    live: {},
    sql: {
      rawSql:
        'SELECT $__timeInterval(ts) AS time, count() AS events\nFROM analytics.events\nWHERE $__timeFilter(ts) GROUP BY time ORDER BY time',
    },
  };
  for (const theme of ['light', 'dark']) {
    for (const [queryType, query] of Object.entries(queries)) {
      const time = queryType === 'live' ? 'from=now-10m&to=now' : quarter;
      const asked = encodeURIComponent(JSON.stringify({ queryType, ...query }));
      await page.goto(`${address}/?explore&theme=${theme}&${time}&query=${asked}`);
      const result = page.getByTestId('result');
      await result.waitFor(WAIT);
      await filled(page, result, queryType);
      if (queryType === 'sql') {
        await page.locator('.monaco-editor .view-line').first().waitFor(WAIT);
      }
      await accessible(page, '[data-testid="editor"]', `${queryType}, ${theme}`);
      if (['funnel', 'retention', 'paths'].includes(queryType)) {
        await accessible(page, '[data-testid="result"]', `${queryType} panel, ${theme}`);
      }
      if (theme === 'dark') {
        await picture(page, `query-${queryType}`, true);
      }
    }
  }
}

/** Every panel of every dashboard shows data, in both themes. */
async function dashboards(page) {
  const names = await (await fetch(`${address}/api/dashboards`)).json();
  const own = {
    realtime: 'from=now-10m&to=now',
    pipeline: 'from=now-5m&to=now',
    clickhouse: 'from=now-6h&to=now',
    people: `${quarter}&var-cohort=buyers`,
    visitor: `${quarter}&var-visitor=${summary.visitor}`,
  };
  const unfilled = new Set();
  for (const theme of ['dark', 'light']) {
    for (const name of names) {
      const asksVector = await panelsOfVector(name);
      await page.goto(`${address}/?dashboard=${name}&theme=${theme}&${own[name] ?? quarter}`);
      const panels = page.locator('[data-testid^="dashboard-panel-"]');
      await panels.first().waitFor(WAIT);
      const count = await panels.count();
      for (let at = 0; at < count; at++) {
        const id = (await panels.nth(at).getAttribute('data-testid')).replace('dashboard-panel-', '');
        if (asksVector.has(id)) {
          unfilled.add(`${name}: ${asksVector.get(id)}`);
        } else {
          await filled(page, panels.nth(at), `${name}, ${theme}`);
        }
      }
      await page.setViewportSize({ width: 1440, height: 1000 });
      await picture(page, `${name}-${theme}`);
      await narrow(page, `${name}-${theme}`);
    }
  }
  console.log(`no data, because no Vector is running here: ${[...unfilled].join('; ')}`);
}

/** The panels that only query Vector's metrics, by id. */
async function panelsOfVector(name) {
  const { panels } = await (await fetch(`${address}/dashboards/${name}.json`)).json();
  return new Map(
    panels
      .filter(({ targets }) => targets?.length && targets.every(({ expr }) => expr?.includes('vector_')))
      .map(({ id, title }) => [String(id), title])
  );
}

/** At 900 px no number of a stat is cut off. */
async function narrow(page, name) {
  await page.setViewportSize({ width: 900, height: 1000 });
  await page.waitForTimeout(300);
  const cut = await page.evaluate(() =>
    [...document.querySelectorAll('[data-testid^="dashboard-panel-"]')].flatMap((panel) => {
      const edge = panel.getBoundingClientRect();
      const values = [...panel.querySelectorAll('[data-testid*="Value"] span, [class*="value"] span')];
      return values
        .filter((value) => value.getBoundingClientRect().right > edge.right + 1)
        .map((value) => `${panel.querySelector('h2')?.textContent}: ${value.textContent}`);
    })
  );
  assert.deepEqual(cut, [], `${name} at 900 px`);
  if (narrowPictures) {
    await page.screenshot({ path: join(narrowPictures, `${name}-900.png`), fullPage: true });
    await page.setViewportSize({ width: 1440, height: 1000 });
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(narrowPictures, `${name}-1440.png`), fullPage: true });
  }
  await page.setViewportSize({ width: 1440, height: 1000 });
}

/** Checks accessibility with Deque's axe: names, roles, labels, contrast. */
async function accessible(page, part, where) {
  await page.evaluate(axe.source);
  const { violations, passes } = await page.evaluate(
    (selector) => window.axe.run(selector, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }),
    part
  );
  const found = violations.map(
    ({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.map(({ html }) => html).join('\n    ')}`
  );
  assert.ok(passes.length > 0, `${where}: nothing was checked`);
  assert.deepEqual(found, [], `${where}: accessibility violations`);
}

/** Waits until a panel shows numbers, rows or a chart, and no error. */
async function filled(page, panel, where) {
  const deadline = Date.now() + WAIT.timeout;
  for (;;) {
    const state = await panel.evaluate((element) => {
      const chrome =
        element.querySelector('[class*="panel-content"], [data-testid="data-testid panel content"]') ?? element;
      return {
        title: element.querySelector('h2')?.textContent ?? '',
        isWrong: Boolean(element.querySelector('[role="alert"]')),
        isEmpty: Boolean(element.querySelector('[data-testid="no-data"]')) || /no data/i.test(chrome.textContent ?? ''),
        isDrawn:
          Boolean(element.querySelector('canvas, svg[role="img"], table, [role="table"], [role="list"], em')) ||
          /\d/.test((chrome.textContent ?? '').replace(element.querySelector('h2')?.textContent ?? '', '')),
        text: element.textContent,
      };
    });
    assert.ok(!state.isWrong, `${where}, panel "${state.title}": ${state.text}`);
    if (state.isDrawn && !state.isEmpty) {
      return;
    }
    assert.ok(Date.now() < deadline, `${where}, panel "${state.title}" shows nothing: ${state.text}`);
    await page.waitForTimeout(100);
  }
}

/** Opens a query over the last quarter in the query editor. */
async function explore(page, query) {
  await page.goto(`${address}/?explore&${quarter}&query=${encodeURIComponent(JSON.stringify(query))}`);
}

async function until(holds) {
  const deadline = Date.now() + WAIT.timeout;
  while (!holds()) {
    assert.ok(Date.now() < deadline, `timed out: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Opens a picker, types, and chooses the option with this name. */
async function choose(page, label, text) {
  const input = page.getByRole('combobox', { name: label, exact: true });
  await input.click();
  await input.fill(text);
  await page.getByRole('option').filter({ hasText: text }).first().waitFor(WAIT);
  const options = page.getByRole('option');
  const texts = await options.allTextContents();
  const exact = texts.findIndex((each) => each === text || each.startsWith(`${text}Use`));
  await options.nth(exact >= 0 ? exact : 0).click();
}

async function picture(page, name, fullPage = false) {
  if (pictures) {
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage });
  }
}
