import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NeighboursPage, neighboursSummary, renderNeighboursPage } from '../../lib/report/neighbours-page.js';
import { renderNeighboursPicture } from '../../lib/report/neighbours-picture.js';
import { MAP_SIDE, mapClasses, mapPlaces } from '../../lib/report/point-map.js';

const page: NeighboursPage = {
  title: 'Neighbours: <run>',
  notes: ['All 4 test images.'],
  classNames: ['cat', 'dog & "friend"'],
  names: ['a.jpg', 'b.jpg', '</script><b>.jpg', 'd.jpg'],
  labels: Int32Array.of(0, 0, 1, -1),
  samples: Int32Array.of(0, 2),
  columns: ['Trained', 'Untrained'].map((title, i) => ({
    title,
    k: 2,
    indices: Int32Array.of(1, 2, 0, 2, 3, 0, 0, 1),
    similarities: Float32Array.of(0.912, 0.5, 0.9, 0.4, 0.3, -0.25, 0.2, 0.1),
    places: Float64Array.of(0, 0, 2, 1, 4, -3, 1, 1),
    share: i === 0 ? 0.5 : 0.25,
  })),
  chance: 0.2,
  pictures: new Map([0, 1, 2, 3].map((row) => [row, `data:image/jpeg;base64,picture${row}`])),
  sheet: { address: 'data:image/jpeg;base64,sheet', side: 48, columns: 2 },
};

test('a page says in words how many neighbours are of the same class', () => {
  assert.equal(
    neighboursSummary(page),
    'Of the 2 nearest others of every image 50.0 % are of its class by the trained encoder, by the untrained one 25.0 %, by chance 20.0 %.',
  );
  const unlabelled = page.columns.map((column) => ({ ...column, share: null }));
  assert.equal(neighboursSummary({ columns: unlabelled, chance: null }), null);
  assert.match(
    neighboursSummary({ columns: page.columns.slice(0, 1), chance: 0.2 }) ?? '',
    /trained encoder, by chance 20/,
  );
});

test('a page shows each sample with its neighbours, right and wrong told by signs, and needs nothing from elsewhere', () => {
  const html = renderNeighboursPage(page);
  assert.doesNotMatch(html, /(?:src|href)="(?!data:)|url\(["']?https?:|<link|@import/);
  assert.match(html, /<title>Neighbours: &lt;run&gt;<\/title>/);
  const samples = html.split('<section class="sample">').slice(1);
  assert.equal(samples.length, 2);
  const items = samples.map((sample) => [
    ...sample.matchAll(/<li class="(\w*)">.*?picture(\d).*?<span>(.*?)<\/span>(.*?)<\/li>/g),
  ]);
  // A cat's neighbours: a cat and a dog; a dog's: one without a label, and a cat. By both encoders.
  const told = items.map((found) =>
    found.map(([, kind, row, text]) => [kind, Number(row), text?.replace(/<[^>]*>/g, '')]),
  );
  const first = [
    ['right', 1, '✓ 0.91'],
    ['wrong', 2, '✗ 0.50'],
  ];
  const second = [
    ['', 3, '0.30'],
    ['wrong', 0, '✗ -0.25'],
  ];
  assert.deepEqual(told, [
    [...first, ...first],
    [...second, ...second],
  ]);
  const json = /<script type="application\/json" id="neighbours">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
  const data = JSON.parse(json) as { readonly names: string[]; readonly maps: number[][]; readonly labels: number[] };
  assert.deepEqual([data.names, data.labels], [page.names, [0, 0, 1, -1]]);
  assert.deepEqual(data.maps[0], mapPlaces(page.columns[0] as (typeof page.columns)[0]));
  assert.equal(html.match(/<svg class="map"/g)?.length, 2);
  assert.match(html, /dog &amp; &quot;friend&quot; <small>1<\/small>/);
  // Parts of a program: it is one that can be read.
  const program = [...html.matchAll(/<script>\n(.*?)<\/script>/gs)].at(-1)?.[1] ?? '';
  assert.doesNotThrow(() => new Function(program));
});

test('a map fills its frame; ten classes have a colour, the rest is one', () => {
  const places = mapPlaces({ places: Float64Array.of(-5, 100, 5, 300, 0, 200) });
  assert.deepEqual(places.slice(0, 4), [16, 16, MAP_SIDE - 16, MAP_SIDE - 16]);
  assert.deepEqual(places.slice(4), [MAP_SIDE / 2, MAP_SIDE / 2]);
  assert.ok(mapPlaces({ places: new Float64Array(6) }).every((value) => value >= 0 && value <= MAP_SIDE));
  const labels = Int32Array.from({ length: 100 }, (_, i) => Math.floor(i / 8));
  const classes = mapClasses(
    labels,
    Array.from({ length: 13 }, (_, i) => `class ${i}`),
  );
  assert.equal(classes.length, 11);
  assert.deepEqual(classes.at(-1), { label: -1, name: '3 other classes', count: 20 });
  assert.deepEqual(mapClasses(Int32Array.of(-1, -1), []), [{ label: -1, name: 'images', count: 2 }]);
});

test('the picture has both maps and the samples, and is well formed', () => {
  const svg = renderNeighboursPicture(page);
  assert.equal(svg.match(/<image /g)?.length, 2 + 2 * 4);
  assert.match(svg, /Trained: 50 % of the nearest are of the same class/);
  assert.doesNotMatch(svg, /href="(?!data:)|NaN|undefined/);
  const open = [...svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)].reduce(
    (depth, [, close, , self]) => depth + (close ? -1 : self ? 0 : 1),
    0,
  );
  assert.equal(open, 0);
});
