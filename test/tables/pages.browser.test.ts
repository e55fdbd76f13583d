/** Tables' pages as a reader has them. Skipped, with a word, where there is no Chromium. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { renderEncoderPage } from '../../lib/tables/encoders/render.js';
import type { EncoderTableReport } from '../../lib/tables/encoders/report.js';
import { renderTablePage } from '../../lib/tables/page.js';
import type { TableReport } from '../../lib/tables/report.js';
import { closeBrowser, testBrowser } from '../support/chromium.js';
import { root, withTempDir } from '../support/paths.js';

after(closeBrowser);

/** A table as it was measured. */
const measured = (table: string): TableReport =>
  JSON.parse(readFileSync(path.join(root, 'bench/results/tables', table, 'table.json'), 'utf8')) as TableReport;

const COLUMNS = 12;

/** As wide as any: two rows of twelve columns. */
const encoders: EncoderTableReport = {
  table: 'wide',
  title: 'Encoders by everything there is <b>',
  source: 'of a test',
  notes: [],
  scale: 'ci',
  used: 'nothing',
  seeds: 1,
  finishedRuns: 12,
  plannedRuns: 24,
  columns: Array.from({ length: COLUMNS }, (_, column) => ({
    name: `protocol-${column}`,
    how: ['a linear classifier'],
    images: '300 test images of ten classes',
    measured: true,
    number: 'top1',
  })),
  rows: ['BYOL', 'a network-of-a-name-without-spaces-and-without-an-end'].map((label, row) => ({
    id: label,
    label,
    published: Array.from({ length: COLUMNS }, (_, column) => 70 + column),
    source: 'Table 0',
    settings: ['encoder.depth: 50'],
    measured: Array.from({ length: COLUMNS }, () =>
      row === 0 ? { mean: 0.5, min: 0.4, max: 0.6, runs: 2, variance: 0.02 } : null,
    ),
    diverged: 0,
  })),
  claims: [],
  unmeasuredClaims: [],
  rules: [],
  rule: 'As usual.',
  remarks: ['One thing.'],
  environments: [{ cpu: 'some processor' }],
  base: { epochs: 3, data: { kind: 'folder' } },
};

test('tables are no wider than the window, light and dark, and scroll by themselves', async (t) => {
  const browser = await testBrowser(t);
  if (browser === null) return;
  const pages = {
    '5b': renderTablePage(measured('5b/ci')),
    methods: renderTablePage(measured('methods/ci-cifar10')),
    encoders: renderEncoderPage(encoders),
  };
  await withTempDir(async (dir) => {
    for (const [name, html] of Object.entries(pages)) {
      const file = path.join(dir, `${name}.html`);
      writeFileSync(file, html);
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const width of [360, 800, 1280]) {
          const where = `${name}, ${width} wide, ${colorScheme}`;
          const body = async ({ page, complaints, requests }: Parameters<Parameters<typeof browser.visit>[1]>[0]) => {
            for (const summary of await page.locator('summary').all()) await summary.click();
            const [content, window] = await page.evaluate<[number, number]>(
              '[document.documentElement.scrollWidth, innerWidth]',
            );
            assert.ok(content <= window, `${where}: ${content}`);
            const fill = await page.evaluate<string>("getComputedStyle(document.querySelector('.chart-page')).fill");
            const background = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
            assert.equal(background, colorScheme === 'dark' ? 'rgb(21, 24, 28)' : 'rgb(255, 255, 255)', where);
            assert.equal(fill, background, where);
            // The reader's choice goes for pictures in the page as well.
            await page.locator('.theme').click();
            const other = await page.evaluate<string>("getComputedStyle(document.querySelector('.chart-page')).fill");
            assert.notEqual(other, fill, where);
            if (width === 360) {
              const table = page.locator('.scroll', { has: page.locator('table.wide') }).first();
              await table.focus();
              await page.keyboard.press('ArrowRight');
              // Asked from outside: what polls within the page is refused by its policy.
              const scrolled = () => page.evaluate<boolean>('document.activeElement.scrollLeft > 0');
              for (let tries = 0; tries < 200 && !(await scrolled()); tries += 1) await setTimeout(25);
              assert.ok(await scrolled(), where);
            }
            assert.deepEqual(complaints, [], where);
            assert.equal(requests.length, 1, where);
          };
          await browser.visit(pathToFileURL(file).href, body, { colorScheme, viewport: { width, height: 800 } });
        }
      }
    }
  });
});
