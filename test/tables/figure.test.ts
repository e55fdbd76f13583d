import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderFigure } from '../../lib/tables/figure.js';
import { findTable } from '../../lib/tables/find-table.js';
import { planTable } from '../../lib/tables/plan.js';
import { reportTable, type TableReport } from '../../lib/tables/report.js';

const empty = (id: string): TableReport => reportTable(planTable(findTable(id)), new Map());

/** Same report with kNN top-1 for some rows. */
function measured(report: TableReport, knn: Readonly<Record<string, number>>): TableReport {
  const rows = report.rows.map((row) => {
    const mean = knn[row.id];
    if (mean === undefined) return row;
    const summary = { runs: 1, mean, min: mean, max: mean, variance: 0 };
    const none = null;
    return {
      ...row,
      measured: {
        runs: 1,
        diverged: 0,
        knnTop1: summary,
        linearTop1: none,
        knnGain: none,
        linearGain: none,
        collapseStd: none,
        collapseRank: none,
        verdicts: {},
        seconds: 1,
      },
    };
  });
  return { ...report, rows };
}

/** The circles of a picture by panel, as places. */
function dots(svg: string): Array<Array<readonly [x: number, y: number]>> {
  return svg
    .split('<g transform="translate(480 0)">')
    .map((panel) =>
      [...panel.matchAll(/<circle [^>]*cx="([\d.]+)" cy="([\d.]+)"/g)].map(
        ([, x, y]) => [Number(x), Number(y)] as const,
      ),
    );
}

test('a figure shows what is lost from the first row on, published beside measured', () => {
  const report = measured(empty('17'), {
    'byol-baseline': 0.9,
    'byol-no-color': 0.8,
    'simclr-baseline': 0.95,
    'simclr-no-color': 0.55,
  });
  const svg = renderFigure(report) ?? '';
  for (const text of ['BYOL Table 17', 'scale ci', 'BYOL', 'SimCLR', 'no grayscale', 'crop only'])
    assert.ok(svg.includes(text), text);
  const [published = [], own = []] = dots(svg);
  // Five rows of two systems; of ours two rows each, the ones between are left out.
  assert.equal(published.length, 10);
  assert.equal(own.length, 4);
  const [byolBase, byolLess, simclrBase, simclrLess] = own as [
    [number, number],
    [number, number],
    [number, number],
    [number, number],
  ];
  assert.equal(byolBase[1], simclrBase[1], 'both begin at no loss');
  assert.equal(byolBase[0], simclrBase[0]);
  // SVG's y grows downwards: 10 and 40 points.
  const ratio = (simclrLess[1] - simclrBase[1]) / (byolLess[1] - byolBase[1]);
  assert.ok(Math.abs(ratio - 4) < 0.02, `${ratio}`);
  // The third of five places.
  const paper = published as Array<readonly [number, number]>;
  assert.equal(byolLess[0] - byolBase[0], (paper[2]?.[0] ?? 0) - (paper[0]?.[0] ?? 0));
});

test('nothing measured is said, and a table without a figure has none', () => {
  assert.match(renderFigure(empty('16')) ?? '', /nothing measured/);
  assert.equal(renderFigure(empty('5b')), null);
});

test('every line of a figure has a row of the table for each point', () => {
  for (const id of ['16', '17']) {
    const { figure, rows } = empty(id);
    assert.ok(figure);
    for (const line of figure.lines) {
      assert.equal(line.rows.length, figure.points.length);
      for (const row of line.rows)
        assert.ok(
          rows.some((item) => item.id === row),
          row,
        );
    }
  }
});
