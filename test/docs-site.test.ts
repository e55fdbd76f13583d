import assert from 'node:assert/strict';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { closeBrowser, type TestBrowser, testBrowser } from './support/chromium.js';
import { root } from './support/paths.js';

// The site as a reader has it, in a browser. `.ci/run` makes it before this runs once more: npm run docs.

const site = path.join(root, 'docs/site');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};

/** Of the built site in a browser; null, and the test is skipped with a word, where there is one or the other not. */
async function ready(t: TestContext): Promise<TestBrowser | null> {
  if (!existsSync(path.join(site, 'index.html'))) {
    t.skip('docs/site is not made yet: npm run docs');
    return null;
  }
  return testBrowser(t);
}

/** Files of the site under an address that is not the root of its server. */
async function served<T>(body: (address: string) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').split('?')[0] ?? '').replace(/^\/some\/folder\//, '');
    const file = path.join(site, name);
    if (
      !request.url?.startsWith('/some/folder/') ||
      !file.startsWith(site) ||
      !statSync(file, { throwIfNoEntry: false })?.isFile()
    ) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}/some/folder`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const PAGES = [
  'index.html',
  'documents/Guide.First_run.html',
  'documents/Reference.Settings.optimizer.html',
  'documents/Reference.Commands.byol_train.html',
  'documents/Tables.5b__Between_BYOL_and_SimCLR.html',
];

describe('documentation site', () => {
  after(closeBrowser);

  test('pages show without a complaint, from a folder of a server, and fit into narrow windows', async (t) => {
    const browser = await ready(t);
    if (browser === null) return;
    await served(async (address) => {
      for (const name of PAGES) {
        for (const [width, colorScheme] of [
          [1280, 'light'],
          [380, 'dark'],
        ] as const) {
          await browser.visit(
            `${address}/${name}`,
            async ({ page, complaints, requests }) => {
              await page.waitForSelector('#tsd-nav-container a', { state: 'attached' });
              assert.deepEqual(complaints, [], `${name} at ${width}`);
              for (const request of requests) assert.ok(request.startsWith(new URL(address).origin), request);
              const wide = await page.evaluate('document.documentElement.scrollWidth');
              assert.ok((wide as number) <= width, `${name} is ${wide} wide in ${width}`);
              const dark = await page.evaluate('getComputedStyle(document.body).backgroundColor');
              assert.equal(dark, colorScheme === 'dark' ? 'rgb(21, 24, 28)' : 'rgb(255, 255, 255)');
            },
            { viewport: { width, height: 800 }, colorScheme },
          );
        }
      }
    });
  });

  for (const place of ['server', 'disk'] as const) {
    test(`the search finds a setting, from a ${place}`, async (t) => {
      const browser = await ready(t);
      if (browser === null) return;
      const look = (address: string) =>
        browser.visit(address, async ({ page }) => {
          await page.click('#tsd-search-trigger');
          await page.fill('#tsd-search-input', 'trustCoefficient');
          await page.click('#tsd-search-results a[href*="Settings.optimizer"]');
          await page.waitForSelector('h2#optimizertrustcoefficient');
        });
      if (place === 'disk') await look(pathToFileURL(path.join(site, 'index.html')).href);
      else await served((address) => look(`${address}/index.html`));
    });
  }
});
