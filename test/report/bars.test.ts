import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderBars } from '../../lib/report/bars.js';

const widths = (svg: string): number[] =>
  [...svg.matchAll(/<rect x="330" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width));

test('bars are as long as their values, and absent where there is none', () => {
  const svg = renderBars({
    title: 'published & measured',
    names: ['published', 'measured'],
    markName: 'before',
    groups: [
      { label: 'a <b>', bars: [{ value: 0.8 }, { value: 0.4, range: [0.3, 0.5], mark: 0.2 }] },
      { label: 'c', bars: [{ value: null }, { value: 0 }] },
      { label: 'd', bars: [{ value: Number.NaN }, { value: 2 }] },
    ],
  });
  const [first = 0, second = 0, ...rest] = widths(svg);
  assert.ok(Math.abs(first - 2 * second) < 0.2);
  // Nothing reaches beyond 100 %.
  assert.deepEqual(rest, [0, 570]);
  assert.match(svg, /a &lt;b&gt;/);
  assert.match(svg, /published &amp; measured/);
  // A range, and a stroke at 20 %.
  assert.equal((svg.match(/<path /g) ?? []).length, 2);
  assert.match(svg, /<path d="M444 /);
  assert.match(svg, />before</);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
});

test('no groups at all can be drawn', () => {
  assert.doesNotMatch(renderBars({ title: 't', names: ['a'], groups: [] }), /NaN|Infinity|undefined/);
});
