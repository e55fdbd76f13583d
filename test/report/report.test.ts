import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderReport } from '../../lib/report/html.js';
import { type Point, renderChart, renderCharts, thin, ticks } from '../../lib/report/svg.js';

const line: Point[] = [
  [0, 0],
  [5, 0.5],
  [10, 1],
];

/** The first path's points in pixels. */
function path(svg: string): number[][] {
  const [, data = ''] = /<path d="([^"]*)"/.exec(svg) ?? [];
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
  assert.equal((svg.match(/<path d="M[^"]*M/g) ?? []).length, 1);
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
  const hostile = '<img src=x onerror=alert(1)> & "more"';
  const html = renderReport({
    title: hostile,
    status: 'Finished.',
    verdict: { state: 'learning', text: hostile },
    rows: [
      { name: 'kNN top-1', untrained: 0.3, trained: 0.547 },
      { name: 'Linear top-1', untrained: null, trained: null },
    ],
    charts: [{ title: hostile, xLabel: 'step', series: [{ name: hostile, points: line }] }],
    settings: { data: { path: hostile, batches: [1, 2] }, predictor: null },
    environment: { cpu: 'x' },
  });
  assert.doesNotMatch(html, /<img|https?:\/\/(?!www\.w3\.org\/2000\/svg")|<script|<link/);
  assert.match(
    html,
    /kNN top-1<\/td><td class="number">30\.00 %<\/td><td class="number">54\.70 %<\/td><td class="number">\+24\.70/,
  );
  assert.doesNotMatch(html, /Linear top-1/);
  assert.match(html, /<code>data\.batches<\/code><\/td><td><code>\[1,2\]/);
  assert.match(html, /<code>predictor<\/code><\/td><td><code>null/);
});
