import { percent } from '../text/format.js';
import { renderData, renderPage } from './html.js';
import { neighboursScript } from './neighbours-script.js';
import { type MapClass, mapClasses, mapPlaces, pageMapStyle, renderPointMap, shape } from './point-map.js';
import { escapeText } from './svg.js';

/** A page that shows what an encoder takes for similar: a map of images, and the nearest others of some. One file, no network. */

/** By one encoder. */
export interface NeighboursColumn {
  readonly title: string;
  /** Neighbours of each row. */
  readonly k: number;
  /** rows x k. */
  readonly indices: Int32Array;
  readonly similarities: Float32Array;
  /** x and y of each row in the map. */
  readonly places: Float64Array;
  /** Of the same class, as a part of all neighbours; null: no labels. */
  readonly share: number | null;
}

export interface NeighboursPage {
  readonly title: string;
  /** Sentences: which images, which encoders, what is left out. */
  readonly notes: readonly string[];
  readonly classNames: readonly string[];
  /** Of each row; rows behind those of the map are images that were given. */
  readonly names: readonly string[];
  /** -1 where unknown. */
  readonly labels: Int32Array;
  /** Rows whose neighbours are shown. */
  readonly samples: Int32Array;
  readonly columns: readonly NeighboursColumn[];
  readonly chance: number | null;
  /** Addresses of the pictures of rows that are shown. */
  readonly pictures: ReadonlyMap<number, string>;
  /** All rows of the map in one picture, `columns` of them side by side. */
  readonly sheet: { readonly address: string; readonly side: number; readonly columns: number };
}

/** What is to be seen at once: the shares of neighbours of the same class; null: no labels. */
export function neighboursSummary({ columns, chance }: Pick<NeighboursPage, 'columns' | 'chance'>): string | null {
  const [trained, untrained] = columns;
  if (trained === undefined || trained.share === null) return null;
  const before = untrained?.share == null ? '' : `, by the untrained one ${percent(untrained.share)}`;
  const random = chance === null ? '' : `, by chance ${percent(chance)}`;
  return `Of the ${trained.k} nearest others of every image ${percent(trained.share)} are of its class by the trained encoder${before}${random}.`;
}

export function renderNeighboursPage(page: NeighboursPage): string {
  const inMap = page.columns[0] ? page.columns[0].places.length / 2 : 0;
  const labels = page.labels.slice(0, inMap);
  const classes = mapClasses(labels, page.classNames);
  const summary = neighboursSummary(page);
  const better = (page.columns[0]?.share ?? 0) > (page.columns[1]?.share ?? page.chance ?? 1);
  const maps = page.columns.map(
    (column) => `<figure><figcaption>${escapeText(column.title)}${shareText(column)}</figcaption>
${renderPointMap({ places: column.places, labels }, classes, `Map of ${inMap} images, ${column.title}: arrow keys go from image to image`)}</figure>`,
  );
  return renderPage(
    page.title,
    `${summary === null ? '' : `<p class="verdict ${better ? 'good' : 'fair'}">${escapeText(summary)}</p>`}
<p>${escapeText(page.notes.join(' '))}</p>
<h2>Map</h2>
<p>What lies together is similar to the encoder (t-SNE of the representations, by cosine). Point at an image, or focus a map and use the arrow keys: it is marked in every map.</p>
${legend(classes, page.classNames.length > 0)}
<div class="maps">${maps.join('\n')}</div>
<p class="readout" aria-live="polite"></p>
<h2>Nearest others</h2>
<p>Each image with the ${page.columns[0]?.k ?? 0} others that are nearest to it, and their cosine similarity.${page.chance === null ? '' : ' ✓ and a solid frame: of the same class; ✗ and a dashed frame: of another one.'}</p>
${[...page.samples].map((row) => sample(page, row)).join('\n')}
<div class="tip" hidden><div class="tip-picture"></div><div class="tip-text"></div></div>
${renderData('neighbours', scriptData(page, inMap, classes))}`,
    { style: `${STYLE}${pageMapStyle(classes)}`, scripts: [neighboursScript] },
  );
}

function shareText({ share }: NeighboursColumn): string {
  return share === null ? '' : ` <small>${percent(share)} of neighbours of the same class</small>`;
}

function legend(classes: readonly MapClass[], labelled: boolean): string {
  if (!labelled) return '';
  const items = classes.map(
    ({ label, name, count }, i) =>
      `<button type="button" aria-pressed="false" data-class="${i}"><svg viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true"><path class="class${i}" d="${shape(i, label < 0, 0, 0, 5.5)}"/></svg>${escapeText(name)} <small>${count}</small></button>`,
  );
  return `<div class="legend" role="group" aria-label="Classes: press one to see it alone">${items.join('')}</div>`;
}

function sample(page: NeighboursPage, row: number): string {
  const columns = page.columns.filter(({ indices, k }) => indices.length > row * k);
  const lists = columns.map(
    (column) =>
      `<div class="column"><h4>${escapeText(column.title)}</h4><ol>${Array.from({ length: column.k }, (_, i) =>
        neighbour(page, row, column, row * column.k + i),
      ).join('')}</ol></div>`,
  );
  return `<section class="sample"><figure class="query">${picture(page, row)}<figcaption>${caption(page, row)}</figcaption></figure>
<div class="columns">${lists.join('\n')}</div></section>`;
}

function neighbour(page: NeighboursPage, row: number, { indices, similarities }: NeighboursColumn, at: number): string {
  const other = indices[at] as number;
  const label = page.labels[row] as number;
  const own = page.labels[other] as number;
  const known = label >= 0 && own >= 0;
  const right = known && own === label;
  const mark = known ? `<b title="${right ? 'the same class' : 'another class'}">${right ? '✓' : '✗'}</b> ` : '';
  const name = page.classNames[own];
  return `<li class="${known ? (right ? 'right' : 'wrong') : ''}">${picture(page, other)}<span>${mark}${(similarities[at] as number).toFixed(2)}</span>${name === undefined ? '' : `<small>${escapeText(name)}</small>`}</li>`;
}

function picture(page: NeighboursPage, row: number): string {
  const name = page.names[row] ?? '';
  return `<img src="${page.pictures.get(row) ?? ''}" alt="${escapeText(name)}" title="${escapeText(name)}">`;
}

function caption(page: NeighboursPage, row: number): string {
  const label = page.classNames[page.labels[row] as number];
  const name = (page.names[row] ?? '').split('/').at(-1) ?? '';
  return `${label === undefined ? '' : `<strong>${escapeText(label)}</strong><br>`}${escapeText(name)}`;
}

function scriptData(page: NeighboursPage, inMap: number, classes: readonly MapClass[]): object {
  return {
    names: page.names.slice(0, inMap),
    labels: [...page.labels.slice(0, inMap)],
    classNames: page.classNames,
    maps: page.columns.map(mapPlaces),
    shown: classes.map(({ label }) => label),
    sheet: page.sheet,
  };
}

const STYLE = `
.maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: 16px; }
.maps figure { margin: 0; min-width: 0; }
.maps figcaption { font-weight: 600; margin-bottom: .3em; }
.map { display: block; width: 100%; height: auto; border: 1px solid var(--rule); border-radius: 6px; background: var(--page); cursor: crosshair; touch-action: pan-y; }
.marker { fill: none; stroke: var(--text); stroke-width: 2.5; pointer-events: none; }
.point.dim { opacity: .12; }
.legend { display: flex; flex-wrap: wrap; gap: 6px; margin: .5em 0 1em; }
.legend button { font: inherit; font-size: 13px; color: inherit; background: none; border: 1px solid var(--rule); border-radius: 14px; padding: 1px 10px 1px 6px; display: inline-flex; align-items: center; gap: 4px; cursor: pointer; max-width: 100%; overflow-wrap: anywhere; }
.legend button[aria-pressed=true] { border-color: currentcolor; font-weight: 600; }
.readout { min-height: 1.5em; margin: .4em 0; overflow-wrap: anywhere; }
.sample { display: flex; flex-wrap: wrap; gap: 8px 24px; padding: 14px 0; border-top: 1px solid var(--rule); break-inside: avoid; }
.query { margin: 0; width: 112px; font-size: 13px; line-height: 1.3; overflow-wrap: anywhere; }
.query figcaption, .column li span { margin-top: 4px; }
.query img { width: 112px; height: 112px; }
.sample img { display: block; object-fit: cover; border-radius: 3px; background: var(--rule); }
.columns { flex: 1; min-width: min(100%, 250px); display: flex; flex-wrap: wrap; gap: 8px 28px; }
.column h4 { margin: 0 0 4px; font-size: 13px; }
.column ol { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 6px; }
.column li { width: 76px; font-size: 12px; line-height: 1.3; }
.column li img { width: 70px; height: 70px; border: 3px solid transparent; border-radius: 5px; }
.column li.right img { border: 3px solid #009e73; }
.column li.wrong img { border: 3px dashed #d55e00; }
.column li span, .column li small { display: block; overflow-wrap: anywhere; }
.column li small { font-size: 11px; }
.tip { position: fixed; z-index: 2; pointer-events: none; display: flex; gap: 8px; align-items: center; max-width: min(320px, 90vw); padding: 6px; border: 1px solid var(--rule); border-radius: 6px; background: var(--page); box-shadow: 0 2px 12px #0004; font-size: 13px; line-height: 1.3; }
.tip[hidden] { display: none; }
.tip-picture { flex: none; width: 96px; height: 96px; border-radius: 3px; }
.tip-text { overflow-wrap: anywhere; }
@media print { .tip, .readout { display: none; } body { margin: 0; } .column li { width: 64px; } .column li img { width: 58px; height: 58px; } }
`;
