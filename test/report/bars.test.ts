import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderBars } from '../../lib/report/bars.js';
import { unreadable } from '../support/svg-boxes.js';

const widths = (svg: string): number[] =>
  [...svg.matchAll(/<rect x="380" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width));

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
  assert.deepEqual(rest, [0, 520]);
  assert.match(svg, /a &lt;b&gt;/);
  assert.match(svg, /published &amp; measured/);
  // A range, and a stroke at 20 %.
  const strokes = [...svg.slice(svg.indexOf('0 %')).matchAll(/<path [^>]*d="(M[\d.]+) /g)].map(([, start]) => start);
  assert.deepEqual(strokes, ['M484', 'M536']);
  assert.match(svg, />before</);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
});

test('no groups at all can be drawn', () => {
  assert.doesNotMatch(renderBars({ title: 't', names: ['a'], groups: [] }), /NaN|Infinity|undefined/);
});

test('labels and names of any length stay in the picture and off each other', () => {
  const long = 'published accuracy of the linear classifier on ImageNet, mean of several seeds '.repeat(3);
  const group = (label: string) => ({ label, bars: [{ value: 1 }, { value: 1, range: [0.9, 1] as const, mark: 1 }] });
  for (const names of [
    ['a', 'b'],
    [long, long],
  ]) {
    const groups = [group('short'), group('W'.repeat(80)), group(long), group('\u{1f600}'.repeat(60))];
    const svg = renderBars({ title: long, names, markName: long, groups });
    assert.deepEqual(unreadable(svg), []);
    assert.match(svg, />short</);
  }
});
