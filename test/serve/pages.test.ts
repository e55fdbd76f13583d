import assert from 'node:assert/strict';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { lockRun } from '../../lib/run/run-lock.js';
import { type RunServer, serveRuns } from '../../lib/serve/server.js';
import { runId } from '../../lib/serve/watched-run.js';
import { closeBrowser, testBrowser } from '../support/chromium.js';
import { withTempDir } from '../support/paths.js';
import { appendMetrics, epochLine, makeRun, metricsOf, stepLine } from '../support/run-folders.js';

after(closeBrowser);

/** A folder of three runs, of which one goes on, and its server. */
async function served<T>(body: (dir: string, server: RunServer) => Promise<T>): Promise<T> {
  return withTempDir(async (dir) => {
    makeRun(join(dir, 'done'), { finished: true, date: '2026-11-25T10:00:00.000Z' });
    makeRun(join(dir, 'group/halted'), { date: '2026-11-26T10:00:00.000Z' });
    makeRun(join(dir, 'going'), { date: '2026-11-27T10:00:00.000Z' });
    const lock = await lockRun(join(dir, 'going'));
    const server = await serveRuns({ folder: dir, port: 0 });
    try {
      return await body(dir, server);
    } finally {
      await server.close();
      await lock.release();
    }
  });
}

const row = (name: string): string => `tbody tr:has(a[href="run/${runId(name)}/"])`;

/** Whether the text of an element comes to match, within some seconds. */
async function shows(page: Page, selector: string, text: string): Promise<void> {
  await page.locator(selector, { hasText: text }).first().waitFor({ timeout: 15_000 });
}

/** A mark in the page that a reload would wipe out. */
const mark = (page: Page): Promise<unknown> => page.evaluate('document.body.dataset.mark = "x"');
const isMarked = (page: Page): Promise<boolean> => page.evaluate('document.body.dataset.mark === "x"');

/** A page that is left gives up what it has asked for. */
const withoutAborted = (complaints: readonly string[]): string[] =>
  complaints.filter((text) => !text.endsWith('net::ERR_ABORTED'));

describe('pages of a report server', () => {
  test('the list shows what runs are at, and what comes while one looks', async (t) => {
    const browser = await testBrowser(t);
    if (browser === null) return;
    await served(async (dir, server) => {
      await browser.visit(server.address, async ({ page, complaints, requests }) => {
        await shows(page, row('going'), 'step 20 of 40');
        assert.deepEqual(await page.locator('tbody .name a').allTextContents(), ['going', 'group/halted', 'done']);
        assert.deepEqual(await page.locator('tbody .state').allTextContents(), ['running', 'stopped', 'finished']);
        assert.equal(await page.locator('#summary').textContent(), '3 runs, 1 running');
        await shows(page, `${row('done')} .verdict.good`, 'Learning: kNN 55.0 %');
        assert.equal(await page.locator('.spark polyline').count(), 3);
        const title = await page.locator(`${row('going')} .spark`).getAttribute('aria-label');
        assert.equal(title, 'Loss from 3.805 to 1.472');

        await mark(page);
        appendMetrics(join(dir, 'going'), stepLine(21) + stepLine(22) + stepLine(23).slice(0, 50));
        await shows(page, row('going'), 'epoch 3 of 4, step 22 of 40');
        appendMetrics(join(dir, 'going'), stepLine(23).slice(50) + epochLine(3));
        await shows(page, `${row('going')} .knn`, '45.0 %');
        makeRun(join(dir, 'new'), { date: '2026-11-28T10:00:00.000Z' });
        await shows(page, row('new'), 'stopped');
        assert.equal(await page.locator('tbody .name a').first().textContent(), 'new');
        rmSync(join(dir, 'new'), { recursive: true });
        await page.locator(row('new')).waitFor({ state: 'detached', timeout: 15_000 });
        assert.ok(await isMarked(page), 'the page was loaded again');

        await page.fill('#filter', 'halt STOP');
        assert.deepEqual(await page.locator('tbody tr:visible .name a').allTextContents(), ['group/halted']);
        assert.equal(await page.locator('#summary').textContent(), '1 of 3 runs, 1 running');
        await page.fill('#filter', 'nothing like it');
        await shows(page, '#empty', 'No run has these words.');
        await page.fill('#filter', '');

        // All that was asked for is the page and what is new on it.
        assert.deepEqual(
          [...new Set(requests.map((address) => new URL(address).pathname.split('/')[2]))],
          ['', 'runs.json'],
        );
        assert.deepEqual(complaints, []);
      });
    });
  });

  test('a hidden page asks for nothing; one whose server is gone says so and goes on later', async (t) => {
    const browser = await testBrowser(t);
    if (browser === null) return;
    await served(async (dir, server) => {
      await browser.visit(server.address, async ({ page, requests }) => {
        await shows(page, row('going'), 'step 20 of 40');
        const hide = (hidden: boolean): Promise<unknown> =>
          page.evaluate(`
            Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));
          `);
        await hide(true);
        await setTimeout(1000);
        const asked = requests.length;
        await setTimeout(4500);
        assert.equal(requests.length, asked);
        await hide(false);
        await setTimeout(1000);
        assert.ok(requests.length > asked);

        await page.context().setOffline(true);
        await shows(page, '#notice', 'byol report does not answer.');
        assert.ok(await page.locator(row('going')).isVisible());
        appendMetrics(join(dir, 'going'), stepLine(21));
        await page.context().setOffline(false);
        await shows(page, row('going'), 'step 21 of 40');
        assert.ok(await page.locator('#notice').isHidden());

        const gone = page.locator('#notice', { hasText: 'does not answer' });
        await server.close();
        await gone.waitFor({ timeout: 15_000 });
        const next = await serveRuns({ folder: dir, port: server.port });
        await shows(page, '#notice', 'The token in this address is missing, wrong, or of an earlier start');
        await next.close();
      });
    });
  });

  test('the page of a run goes on', async (t) => {
    const browser = await testBrowser(t);
    if (browser === null) return;
    await served(async (dir, server) => {
      const address = `${server.address}run/${runId('going')}/`;
      await browser.visit(address, async ({ page, complaints, requests }) => {
        assert.equal(await page.locator('h1').textContent(), 'going (BYOL: shapes)');
        await shows(page, '#summary', 'Running, training: step 20 of 40, epoch 2 of 4');
        await page.locator('#charts canvas').first().waitFor();
        await mark(page);
        appendMetrics(join(dir, 'going'), metricsOf(3).slice(metricsOf(2).length));
        await shows(page, '#summary', 'Running, training: step 30 of 40, epoch 3 of 4');
        await shows(page, '#summary .verdict', 'kNN 45.0 %');
        // A resumed run goes back to its last checkpoint: another, shorter file.
        rmSync(join(dir, 'going/metrics.jsonl'));
        writeFileSync(join(dir, 'going/metrics.jsonl'), metricsOf(1));
        await shows(page, '#summary', 'step 10 of 40, epoch 1 of 4');
        assert.ok(await isMarked(page), 'the page was loaded again');
        assert.deepEqual([...new Set(requests.map((url) => new URL(url).pathname.split('/')[4]))], ['', 'data.json']);
        assert.deepEqual(complaints, []);
        rmSync(join(dir, 'going'), { recursive: true });
        await shows(page, '#live', 'going cannot be shown: There is no run in');
      });
    });
  });

  test('several runs are chosen in the list and compared', async (t) => {
    const browser = await testBrowser(t);
    if (browser === null) return;
    await served(async (dir, server) => {
      await browser.visit(server.address, async ({ page, complaints }) => {
        await shows(page, row('going'), 'step 20');
        assert.ok(await page.locator('#compare').isHidden());
        await page.getByLabel('Compare going').check();
        await page.getByLabel('Compare done').check();
        await page.click('#compare');
        await shows(page, 'h1', '2 runs');
        assert.deepEqual(
          (await page.locator('#summary tbody th').allTextContents()).map((text) => text.trim().split('BYOL')[0]),
          ['going', 'done'],
        );
        await page.locator('#charts canvas').first().waitFor();
        appendMetrics(join(dir, 'going'), stepLine(21));
        await shows(page, '#summary', 'Running, training: step 21 of 40');
        await page.click('text=All runs');
        await shows(page, row('going'), 'step 21');
        assert.deepEqual(withoutAborted(complaints), []);
      });
    });
  });

  test('names and reasons from outside are text', async (t) => {
    const browser = await testBrowser(t);
    if (browser === null) return;
    await withTempDir(async (dir) => {
      const name = '<img src=x onerror=alert(1)>&amp;"\'';
      makeRun(join(dir, name));
      const server = await serveRuns({ folder: dir, port: 0 });
      try {
        await browser.visit(server.address, async ({ page, complaints }) => {
          await shows(page, 'tbody .name', name);
          await page.click('tbody .name a');
          await shows(page, 'h1', name);
          assert.equal(await page.locator('img[src=x]').count(), 0);
          assert.deepEqual(withoutAborted(complaints), []);
        });
      } finally {
        await server.close();
      }
    });
  });

  test('a page of neighbours is shown, and cannot read the others', async (t) => {
    const browser = await testBrowser(t);
    if (browser === null) return;
    await served(async (dir, server) => {
      const script = `<p id="said"></p><script>
        fetch('data.json').then(() => 'read', () => 'refused').then((word) => { document.getElementById('said').textContent = word + ' by ' + origin; });
      </script>`;
      writeFileSync(join(dir, 'done/neighbours.html'), `<!doctype html><title>n</title>${script}`);
      writeFileSync(join(dir, 'secret.html'), 'secret');
      symlinkSync(join(dir, 'secret.html'), join(dir, 'group/halted/neighbours.html'));
      await browser.visit(`${server.address}run/${runId('done')}/`, async ({ page }) => {
        await page.click('text=Neighbours and map');
        await shows(page, '#said', 'refused by null');
        const response = await page.goto(`${server.address}run/${runId('group/halted')}/neighbours.html`);
        assert.equal(response?.status(), 503);
        assert.match((await response?.text()) ?? '', /is a link or no file/);
      });
    });
  });
});
