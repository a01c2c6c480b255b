// Pages of a shop in Chromium. Its host is none of this machine's, since some clients report nothing from such.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import esbuild from 'esbuild';
import { chromium } from 'playwright-core';

const PROGRAM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Some clients report nothing from a browser that is driven.
  '--disable-blink-features=AutomationControlled',
  '--host-resolver-rules=MAP *.example 127.0.0.1',
];
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

export async function launch() {
  if (!PROGRAM) throw new Error('Chromium is missing: apt-get install chromium');
  const browser = await chromium.launch({ executablePath: PROGRAM, args: FLAGS });
  return {
    context: () => browser.newContext({ userAgent: BROWSER, locale: 'en-GB', viewport: { width: 1280, height: 720 } }),
    close: () => browser.close(),
  };
}

/** A library as its package is, with everything it exports in `client`. */
export async function bundle(name) {
  const contents = `import * as all from '${name}'; globalThis.client = all;`;
  const built = await esbuild.build({ stdin: { contents, resolveDir: import.meta.dirname }, bundle: true, format: 'iife', platform: 'browser', write: false });
  return built.outputFiles[0].text;
}

/** Serves every path the same page, whose head is `head`, and `/client.js`. */
export async function shop(head, client = '') {
  const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>${head}</head>
    <body style="height: 4000px"><h1>Shop</h1><a id="out" href="http://other.example/there" target="_blank">elsewhere</a></body></html>`;
  const server = createServer((request, response) => {
    const isScript = request.url === '/client.js';
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' }).end(isScript ? client : page);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://shop.example:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Waits until something is so. */
export async function until(what, is, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  while (!(await is())) {
    if (Date.now() > end) throw new Error(`${what}: not after ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
