import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Point, renderChart, renderCharts, thin } from '../../lib/report/line-chart.js';
import { renderRunsPage } from '../../lib/report/runs-page.js';
import { escapeText, tickLabels, ticks } from '../../lib/report/svg.js';
import { stepRecord, testRun } from '../support/run-data.js';
import { textBoxes, unreadable } from '../support/svg-boxes.js';

const line: Point[] = [
  [0, 0],
  [5, 0.5],
  [10, 1],
];

/** The first path's points in pixels. */
function path(svg: string): number[][] {
  const [, data = ''] = /<path [^>]*d="([^"]*)"/.exec(svg) ?? [];
  return [...data.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

test('a line goes where its points are: evenly rightwards, and up', () => {
  const [first, middle, last] = path(
    renderChart({ title: 'loss', xLabel: 'step', series: [{ name: 'a', points: line }] }),
  );
  assert.ok(first && middle && last);
  for (const axis of [0, 1]) {
    assert.ok(Math.abs((first[axis] as number) + (last[axis] as number) - 2 * (middle[axis] as number)) < 0.2);
  }
  assert.ok((first[0] as number) < (last[0] as number));
  assert.ok((first[1] as number) > (last[1] as number));
});

test('points that are not finite interrupt the line and do not spoil the scale', () => {
  const broken: Point[] = [...line, [11, Number.NaN], [12, Number.POSITIVE_INFINITY], [13, 1]];
  const svg = renderChart({ title: 'loss', xLabel: 'step', series: [{ name: 'a', points: broken }] });
  assert.equal(path(svg).length, 4);
  assert.equal((svg.match(/<path [^>]*d="M[^"]*M/g) ?? []).length, 1);
  assert.doesNotMatch(svg, /NaN|Infinity/);
});

test('constants, single points and nothing at all can be drawn', () => {
  for (const points of [
    [],
    [[3, 2]],
    [
      [0, 0],
      [9, 0],
    ],
  ] as Point[][]) {
    const svg = renderCharts([{ title: 't', xLabel: 'x', series: [{ name: 'a', points }] }]);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  }
});

test('ticks are round numbers within the range', () => {
  assert.deepEqual(ticks(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks(0, 97), [0, 20, 40, 60, 80]);
  assert.deepEqual(ticks(0.3, 0.3), [0.3]);
});

test('thinning keeps the mean and the bound', () => {
  const many = Array.from({ length: 1000 }, (_, i) => [i, i % 2] as const);
  const few = thin(many, 100);
  assert.equal(few.length, 100);
  assert.ok(few.every(([, y]) => y === 0.5));
});

test('a report is one file without foreign resources, and text stays text', () => {
  const hostile = '</script><!--<img src=x onerror=alert(1)> & "more" \u2028';
  const html = renderRunsPage([
    {
      ...testRun([stepRecord(5)]),
      name: hostile,
      title: hostile,
      preset: hostile,
      status: hostile,
      verdict: { state: 'learning', text: hostile },
      results: [
        { name: 'kNN top-1', untrained: 0.3, trained: 0.547, recorded: null },
        { name: 'Linear top-1', untrained: null, trained: null, recorded: null },
      ],
      record: hostile,
      loss: { title: hostile, chance: 4, fromZero: true },
      links: [{ address: 'neighbours.html"', title: hostile, text: '6 & more' }],
      settings: [{ path: hostile, value: hostile, preset: hostile }],
      environment: [[hostile, hostile]],
    },
  ]);
  assert.doesNotMatch(html, /<img|<!--|<link/);
  const data = /<script type="application\/json" id="runs-data">(.*)<\/script>/.exec(html)?.[1] ?? '';
  assert.doesNotMatch(data, /[<\u2028]/);
  assert.equal((JSON.parse(data) as { runs: Array<{ name: string }> }).runs[0]?.name, hostile);
  // What is run: the theme's script before the page, the chart library and the page's own after it.
  assert.equal(html.match(/<script>/g)?.length, 3);
  assert.equal(html.match(/<script/g)?.length, 4, 'and data');
  assert.equal(html.match(/<\/script>/g)?.length, 4);
  assert.doesNotMatch(html.replace(/<script>.*?<\/script>/gs, ''), /https?:\/\/(?!www\.w3\.org\/2000\/svg")/);
  assert.match(html, /Permission is hereby granted, free of charge/, 'the licence of the chart library goes with it');
  assert.match(
    html,
    /kNN top-1<\/th><td class="number">30\.0 %<\/td><td class="number">54\.7 %<\/td><td class="number">\+24\.7/,
  );
  assert.doesNotMatch(html, /Linear top-1/);
});

const accuracy = (names: readonly string[], last: number): string =>
  renderChart({
    title: 'Accuracy',
    xLabel: 'optimiser step',
    percent: true,
    yMin: 0,
    series: names.map((name) => ({
      name,
      points: [
        [0, 0.1],
        [last, 1],
      ],
    })),
  });

test('the legend is below the title and inside the picture, whatever the names', () => {
  const usual = ['kNN, test images', 'untrained kNN', 'online probe, training views'];
  for (const names of [usual, [...usual, 'kNN, all test images'], ['a name of many words '.repeat(9), 'b']]) {
    for (const last of [1, 7, 23_400, 1_250_999, 312_000_000]) {
      const svg = accuracy(names, last);
      assert.deepEqual(unreadable(svg), [], `${names}, ${last} steps`);
      assert.match(svg, />Accuracy</);
    }
  }
});

test('titles of any length and pictures of several charts stay readable', () => {
  const chart = { title: 'A title that goes on and on '.repeat(8), xLabel: 'optimiser step' };
  for (const scale of [1, 1e-9, 1e9, 1e30]) {
    const points = line.map(([x, y]) => [x, scale * (1 + y / 1e3)] as const);
    const svg = renderCharts(Array.from({ length: 5 }, () => ({ ...chart, series: [{ name: 'a', points }] })));
    assert.deepEqual(unreadable(svg), [], `values around ${scale}`);
    const values = textBoxes(svg).filter(({ right, text }) => right < 120 && /^[\d.e+-]+$/.test(text) && text !== '0');
    assert.ok(values.length >= 3);
  }
});

test('tick labels tell ticks apart', () => {
  assert.deepEqual(tickLabels(ticks(0.9999, 0.99999)), ['0.99990', '0.99992', '0.99994', '0.99996', '0.99998']);
  assert.deepEqual(tickLabels([0, 0.5, 1]), ['0.0', '0.5', '1.0']);
  assert.deepEqual(tickLabels([0, 20, 40]), ['0', '20', '40']);
  assert.deepEqual(tickLabels([0, 1e-5, 2e-5]), ['0', '1e-5', '2e-5']);
  assert.deepEqual(tickLabels([1e7, 1.05e7]), ['1.00e+7', '1.05e+7']);
});

test('steps are whole numbers', () => {
  const svg = renderChart({ title: 't', xLabel: 'step', series: [{ name: 'a', points: [[2, 0.3]] }] });
  const labels = textBoxes(svg).filter(({ top }) => top > 225 && top < 240);
  assert.deepEqual(
    labels.map(({ text }) => text),
    ['0', '1', '2'],
  );
});

test('a point between two that are not finite is drawn, and does not spoil its neighbours', () => {
  const points: Point[] = [
    [0, Number.NaN],
    [1, 0.5],
    [2, Number.NaN],
    [3, 0.5],
    [4, 0.6],
  ];
  const svg = renderChart({ title: 't', xLabel: 'x', series: [{ name: 'a', points }] });
  assert.equal((svg.match(/<circle /g) ?? []).length, 1);
  assert.deepEqual(
    thin(
      [...points, ...points].filter((_, i) => i < 4),
      2,
    ).map(([, y]) => y),
    [0.5, 0.5],
  );
});

test('text that no SVG can hold is replaced, and characters are never cut in two', () => {
  assert.equal(escapeText('a\u0000\u001b[1m\ud800b\uffff'), 'a\ufffd\ufffd[1m\ufffdb\ufffd');
  const svg = renderChart({
    title: '\u{1f600}'.repeat(100),
    xLabel: 'x',
    series: [{ name: 'a', points: line }],
  });
  assert.doesNotMatch(svg, /\ufffd|[\ud800-\udbff](?![\udc00-\udfff])/);
});
