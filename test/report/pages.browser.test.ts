/** The pages as a reader has them: in a browser, with pointer and keys. Skipped, with a word, where there is no Chromium. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { presets } from '../../lib/config/presets/index.js';
import type { RunData } from '../../lib/report/run-data.js';
import { renderRunsPage } from '../../lib/report/runs-page.js';
import type { MetricsRecord } from '../../lib/run/metrics-file.js';
import { closeBrowser, testBrowser, type Visit } from '../support/chromium.js';
import { withTempDir } from '../support/paths.js';
import { epochRecord, finishedResult, stepRecord, tailOf, testRun } from '../support/run-data.js';

after(closeBrowser);

const STEPS = 100;

/** It falls from 4 towards 1 with noise, and one reading is far off. */
const lossAt = (step: number, seed = 0): number =>
  step === 50 ? 9 : 1 + 3 * Math.exp(-(step - 1) / 25) + 0.2 * Math.sin((step - 1) * 7 + seed);

function records(seed: number): MetricsRecord[] {
  return Array.from({ length: STEPS }, (_, i) => {
    const step = i + 1;
    const reading = stepRecord(step, {
      loss: lossAt(step, seed),
      learning_rate: 0.1 * (1 - i / STEPS),
      'probe/online/top1': i / 200,
    });
    return step % 25 === 0 ? [reading, epochRecord(step / 25, step, 0.3 + step / 500)] : [reading];
  }).flat();
}

const result = { ...finishedResult, epochs: 4, steps: STEPS };
const oneRun = (changes: Parameters<typeof testRun>[1] = {}): RunData => {
  const config = { ...presets.shapes, batchSize: 32, data: { ...presets.shapes.data } };
  return testRun(records(0), { result, ...changes }, config);
};

/** Opens a page made of these runs, and checks afterwards that it complained of nothing and asked for nothing. */
async function visit(
  t: Parameters<typeof testBrowser>[0],
  html: string,
  body: (page: Page) => Promise<void>,
  options: Parameters<NonNullable<Awaited<ReturnType<typeof testBrowser>>>['visit']>[2] = {},
): Promise<void> {
  const browser = await testBrowser(t);
  if (browser === null) return;
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'page.html');
    writeFileSync(file, html);
    const address = pathToFileURL(file).href;
    await browser.visit(
      address,
      async ({ page, complaints, requests }: Visit) => {
        await body(page);
        assert.deepEqual(complaints, []);
        assert.deepEqual([...new Set(requests)], [address], 'the page is all there is');
      },
      options,
    );
  });
}

/** How many pixels of the n-th chart are painted in about this colour. */
function painted(page: Page, chart: number, [r, g, b]: readonly [number, number, number]): Promise<number> {
  return page.evaluate<number>(`(() => {
    const canvas = document.querySelectorAll('.plot canvas')[${chart}];
    const copy = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height });
    const context = copy.getContext('2d', { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4)
      if (data[i + 3] > 200 && Math.abs(data[i] - ${r}) + Math.abs(data[i + 1] - ${g}) + Math.abs(data[i + 2] - ${b}) < 40) count += 1;
    return count;
  })()`);
}
const BLUE = [0, 0x72, 0xb2] as const;
const LIGHT_BLUE = [0x56, 0xb4, 0xe9] as const;
const ORANGE = [0xd5, 0x5e, 0] as const;

const plot = (page: Page, title: string) =>
  page.locator('.plot', { has: page.locator('figcaption', { hasText: new RegExp(`^${title}`) }) });
const legend = async (page: Page, title: string): Promise<string[]> =>
  (await plot(page, title).locator('.legend .value').allTextContents()) ?? [];
/** What is written along the axes of all charts is drawn; the range is told by what the pointer finds at both ends. */
async function range(page: Page): Promise<[number, number]> {
  const over = plot(page, 'Loss').locator('.u-over');
  const box = await over.boundingBox();
  assert.ok(box);
  const at = async (x: number): Promise<number> => {
    await page.mouse.move(box.x + x, box.y + 20);
    return Number((await page.locator('.tip strong').textContent())?.replace(/[^\d.]/g, ''));
  };
  return [await at(1), await at(box.width - 1)];
}

test('every metric is drawn, and the pointer reads the same step off all charts', async (t) => {
  await visit(t, renderRunsPage([oneRun()]), async (page) => {
    const titles = await page.locator('.plot figcaption').allTextContents();
    for (const title of ['Loss (4 is chance)', 'Accuracy', 'tau', 'Learning rate', 'Images per second']) {
      assert.ok(titles.includes(title), title);
    }
    for (let chart = 0; chart < titles.length; chart += 1) {
      assert.ok((await painted(page, chart, BLUE)) > 100, `${titles[chart]} is drawn`);
    }
    // Without a pointer the newest values are told.
    assert.equal((await legend(page, 'Learning rate'))[0], '0.001');

    const over = plot(page, 'Loss').locator('.u-over');
    const box = await over.boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    assert.match((await page.locator('.tip').textContent()) ?? '', /^step 50Loss9chance4$/);
    assert.equal((await legend(page, 'Loss'))[0], '9');
    assert.equal((await legend(page, 'Learning rate'))[0], '0.051', 'the others follow');
    assert.deepEqual(await legend(page, 'Accuracy'), ['40.0 %', '30.0 %', '24.5 %']);
    await page.mouse.move(2, 2);
    assert.equal(await page.locator('.tip').isVisible(), false);
    assert.equal((await legend(page, 'Learning rate'))[0], '0.001');
  });
});

test('dragging enlarges all charts, a double click or the button shows the whole', async (t) => {
  await visit(t, renderRunsPage([oneRun()]), async (page) => {
    assert.deepEqual((await range(page)).map(Math.round), [0, 100]);
    const whole = page.locator('#whole');
    assert.equal(await whole.isDisabled(), true);
    const box = await plot(page, 'Loss').locator('.u-over').boundingBox();
    assert.ok(box);
    const drag = async (): Promise<void> => {
      await page.mouse.move(box.x + box.width / 4, box.y + 30);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 3, box.y + 40, { steps: 3 });
      await page.mouse.move(box.x + box.width / 2, box.y + 40, { steps: 3 });
      await page.mouse.up();
    };
    await drag();
    const [from, to] = await range(page);
    assert.ok(Math.abs(from - 25) < 2 && Math.abs(to - 50) < 2, `${from} to ${to}`);
    // Another chart has the same range: its middle is step 37 or 38.
    const other = await plot(page, 'Accuracy').locator('.u-over').boundingBox();
    assert.ok(other);
    await page.mouse.move(other.x + other.width / 2, other.y + 20);
    const [middle] = (await page.locator('.tip strong').textContent())?.match(/\d+/) ?? [];
    assert.ok(Math.abs(Number(middle) - 37.5) <= 1, `${middle}`);
    await page.mouse.dblclick(box.x + 50, box.y + 30);
    assert.deepEqual((await range(page)).map(Math.round), [0, 100]);
    await drag();
    await whole.click();
    assert.deepEqual((await range(page)).map(Math.round), [0, 100]);
  });
});

/** Pixels from the top of the Loss chart at which its value under the pointer is marked. */
async function height(page: Page, x: number): Promise<number> {
  const over = plot(page, 'Loss').locator('.u-over');
  const box = await over.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + x * box.width, box.y + 10);
  const mark = await plot(page, 'Loss').locator('.u-cursor-pt:visible').first().boundingBox();
  assert.ok(mark);
  return (mark.y + mark.height / 2 - box.y) / box.height;
}

test('the logarithmic axis, smoothing and the axis of time do what they say', async (t) => {
  await visit(t, renderRunsPage([oneRun()]), async (page) => {
    const linear = [await height(page, 0.01), await height(page, 0.5), await height(page, 0.99)];
    await page.locator('#log').check();
    const log = [await height(page, 0.01), await height(page, 0.5), await height(page, 0.99)];
    const share = ([top, peak, low]: number[]): number =>
      ((low as number) - (top as number)) / ((low as number) - (peak as number));
    // From about 1 to 4 of about 1 to 9: log 4 / log 9 = 0.63 of the height; 3 / 8 = 0.375 before.
    assert.ok(share(linear) < 0.45 && share(log) > 0.55, `${share(linear)}, ${share(log)}`);
    await page.locator('#log').uncheck();

    const before = await painted(page, 0, BLUE);
    await page.locator('#smoothing').fill('90');
    assert.equal(await page.locator('.controls output').textContent(), '0.9');
    await height(page, 0.5);
    const [smoothed] = await legend(page, 'Loss');
    const weights = Array.from({ length: 50 }, (_, back) => 0.9 ** back);
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b);
    const mean = sum(weights.map((weight, back) => weight * lossAt(50 - back))) / sum(weights);
    assert.ok(Math.abs(Number(smoothed) - mean) < 1e-3, `${smoothed}, ${mean}`);
    const line = await painted(page, 0, BLUE);
    assert.ok(line > 100 && line < before, 'a calm line');
    await page.locator('#smoothing').fill('0');

    await page.locator('#axis').selectOption('epoch');
    await height(page, 0.5);
    assert.equal(await page.locator('.tip strong').textContent(), 'epoch 2');
    await page.locator('#axis').selectOption('seconds');
    await height(page, 0.5);
    assert.match((await page.locator('.tip strong').textContent()) ?? '', /^5 seconds$/);
  });
});

test('arrow keys read values, and a press of a name in the legend hides its line', async (t) => {
  await visit(t, renderRunsPage([oneRun()]), async (page) => {
    await plot(page, 'Learning rate').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    assert.match((await page.locator('.tip').textContent()) ?? '', /^step 2/);
    assert.equal((await legend(page, 'Learning rate'))[0], '0.099');
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.tip').isVisible(), false);

    const before = await painted(page, 0, BLUE);
    const button = plot(page, 'Loss').locator('.legend button').first();
    await button.click();
    assert.equal(await button.getAttribute('aria-pressed'), 'false');
    assert.ok((await painted(page, 0, BLUE)) < before / 2);
  });
});

test('settings are folded, searched, and told from the preset', async (t) => {
  await visit(t, renderRunsPage([oneRun()]), async (page) => {
    const rows = page.locator('#settings tbody tr');
    assert.equal(await rows.first().isVisible(), false);
    await page.locator('#settings summary').click();
    const all = await page.locator('#settings tbody tr:visible').count();
    assert.ok(all > 40);
    await page.locator('#settings input[type=search]').fill('OPTIMIZER rate');
    const found = await page.locator('#settings tbody tr:visible').allTextContents();
    assert.ok(found.length > 0 && found.length < 6 && found.every((row) => /optimizer.*rate/i.test(row)), `${found}`);
    assert.match(
      (await page.locator('#settings output').textContent()) ?? '',
      new RegExp(`^${found.length} of ${all}$`),
    );
    await page.locator('#settings input[type=search]').fill('');
    await page.locator('.only-changed').check();
    assert.deepEqual(await page.locator('#settings tbody tr:visible').allTextContents(), ['batchSize32 preset: 64']);
  });
});

test('several runs have a line each, their differences, and one colour and dash everywhere', async (t) => {
  const second = testRun(records(3), { name: 'other', result }, { ...presets.shapes, batchSize: 128 });
  const html = renderRunsPage([oneRun({ name: 'first' }), second]);
  await visit(t, html, async (page) => {
    assert.ok((await painted(page, 0, BLUE)) > 100);
    assert.ok((await painted(page, 0, ORANGE)) > 100);
    await page.locator('.plot').first().scrollIntoViewIfNeeded();
    await height(page, 0.99);
    assert.equal((await legend(page, 'Loss')).length, 2);
    assert.match((await page.locator('.tip').textContent()) ?? '', /^step 99first[01]\.\d+other[01]\.\d+$/);
    const rows = await page.locator('table.ruled tbody tr').allTextContents();
    assert.ok(rows.includes('batchSize32128'), `${rows.filter((row) => row.includes('batch'))}`);
    assert.ok(!rows.some((row) => row.startsWith('epochs')), 'what is the same is no difference');
    // A run that is hidden in one chart is hidden in all.
    await plot(page, 'Loss').locator('.legend button').nth(1).click();
    assert.ok((await painted(page, 1, ORANGE)) < 30);
  });
});

test('pages are dark where that is preferred, or by the button', async (t) => {
  const html = renderRunsPage([oneRun()]);
  const background = (page: Page) => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  await visit(
    t,
    html,
    async (page) => {
      assert.equal(await background(page), 'rgb(21, 24, 28)');
      assert.ok((await painted(page, 0, LIGHT_BLUE)) > 100);
      await page.getByRole('button', { name: 'Light', exact: true }).click();
      assert.equal(await background(page), 'rgb(255, 255, 255)');
      await page.waitForTimeout(50);
      assert.ok((await painted(page, 0, BLUE)) > 100);
      await page.reload();
      assert.equal(await background(page), 'rgb(255, 255, 255)', 'it is kept');
      await page.getByRole('button', { name: 'Dark', exact: true }).click();
      assert.equal(await background(page), 'rgb(21, 24, 28)');
    },
    { colorScheme: 'dark' },
  );
});

test('a narrow window scrolls down only, whatever is in the page', async (t) => {
  const long = 'a-name-without-any-space-'.repeat(12);
  const odd = { ...oneRun({ name: long, status: long.repeat(2) }), title: long };
  const pages = [[odd], [odd, oneRun({ name: 'b' }), oneRun({ name: 'c' })]];
  for (const runs of pages) {
    await visit(
      t,
      renderRunsPage(runs),
      async (page) => {
        for (const summary of await page.locator('summary').all()) await summary.click();
        const [content, window] = await page.evaluate<[number, number]>(
          '[document.documentElement.scrollWidth, innerWidth]',
        );
        assert.ok(content <= window, `${content} in ${window}`);
        assert.ok((await painted(page, 0, BLUE)) > 50);
      },
      { viewport: { width: 360, height: 740 } },
    );
  }
});

test('of a long run every outlier is drawn, and pages without readings say so', async (t) => {
  const many = Array.from({ length: 23_400 }, (_, i) => stepRecord(i + 1, { loss: i === 12_345 ? 100 : 2 }));
  const run = testRun([], { result: { ...finishedResult, steps: 23_400 }, tail: tailOf(many, 1000) });
  const html = renderRunsPage([run]);
  assert.ok(html.length < 1_000_000, `${html.length} bytes`);
  await visit(t, html, async (page) => {
    assert.match((await page.locator('#charts > .hint').textContent()) ?? '', /means of 32 readings/);
    const over = plot(page, 'Loss').locator('.u-over');
    const box = await over.boundingBox();
    assert.ok(box);
    // A pixel is more than a point of the line: enlarged it can be pointed at.
    const x = box.x + (12_346 / 23_400) * box.width;
    await page.mouse.move(x - 12, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(x + 12, box.y + 10, { steps: 3 });
    await page.mouse.up();
    const told: string[] = [];
    for (let offset = -40; offset <= 40; offset += 4) {
      await page.mouse.move(box.x + box.width / 2 + offset, box.y + 10);
      told.push((await page.locator('.tip').textContent()) ?? '');
    }
    assert.ok(
      told.some((text) => text.includes('2 to 100')),
      `${told}`,
    );
  });
  const empty = testRun([], {
    result: { ...finishedResult, interrupted: true, knn: null, verdict: { state: 'collapsed', text: 'Collapsed.' } },
  });
  await visit(t, renderRunsPage([empty]), async (page) => {
    assert.equal(await page.locator('.plot').count(), 0);
    assert.match((await page.locator('#values').textContent()) ?? '', /Nothing was measured yet/);
  });
});
