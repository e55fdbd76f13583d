import type { NeighboursPage } from './neighbours-page.js';
import { drawPoints, MAP_SIDE, mapClasses, mapStyle, shape } from './point-map.js';
import { drawLegend, drawTitle, escapeText, fitText, frame, LEGEND_ROW, px } from './svg.js';

/** The maps and the first samples of a page as one picture, for pages that show pictures. */

const WIDTH = 900;
const GAP = 20;
const CELL = 56;
/** Samples in the picture. */
const ROWS = 6;

export function renderNeighboursPicture(page: NeighboursPage): string {
  const inMap = (page.columns[0]?.places.length ?? 0) / 2;
  const labels = page.labels.slice(0, inMap);
  const classes = mapClasses(labels, page.classNames);
  const columns = page.columns.length;
  const side = Math.min(430, (WIDTH - GAP * (columns + 1)) / columns);
  const parts: string[] = [
    `<style>${mapStyle(classes)}.right{stroke:#009e73}.wrong{stroke:#d55e00;stroke-dasharray:4 3}</style>`,
  ];
  let top = GAP;
  for (const [i, column] of page.columns.entries()) {
    const left = GAP + i * (side + GAP);
    const share =
      column.share === null ? '' : `: ${(100 * column.share).toFixed(0)} % of the nearest are of the same class`;
    parts.push(drawTitle(`${column.title}${share}`, left, top + 10, side));
    parts.push(
      `<svg x="${px(left)}" y="${top + 18}" width="${px(side)}" height="${px(side)}" viewBox="0 0 ${MAP_SIDE} ${MAP_SIDE}">` +
        `<rect width="${MAP_SIDE}" height="${MAP_SIDE}" fill="none" class="chart-grid"/>${drawPoints({ places: column.places, labels }, classes)}</svg>`,
    );
  }
  top += side + 18 + GAP;
  if (page.classNames.length > 0) {
    const items = classes.map(({ label, name }, i) => ({
      name,
      sign: `<path class="class${i}" d="${shape(i, label < 0, 9, 0, 5)}"/>`,
    }));
    const { svg, rows } = drawLegend(items, GAP, top, WIDTH - 2 * GAP);
    parts.push(svg);
    top += rows * LEGEND_ROW + 8;
  }
  // Its neighbours, then those by the other encoder.
  const most = Math.floor((WIDTH - 2 * GAP - CELL - 24 * columns) / (columns * (CELL + 4)));
  parts.push(`<text class="chart-faint" x="${GAP}" y="${top + 6}">image</text>`);
  const start = (i: number): number => GAP + CELL + 24 + i * (most * (CELL + 4) + 24);
  for (const [i, { title }] of page.columns.entries()) {
    parts.push(
      `<text class="chart-faint" x="${start(i)}" y="${top + 6}">nearest, ${escapeText(title.toLowerCase())}</text>`,
    );
  }
  top += 14;
  const samples = [...page.samples].slice(0, ROWS);
  for (const row of samples) {
    parts.push(image(page, row, GAP, top));
    const name = page.classNames[page.labels[row] as number];
    if (name !== undefined) {
      parts.push(
        `<text class="chart-faint" font-size="10" x="${GAP}" y="${top + CELL + 11}">${escapeText(fitText(name, CELL + 20, 10))}</text>`,
      );
    }
    for (const [i, { k, indices, similarities }] of page.columns.entries()) {
      for (let n = 0; n < Math.min(k, most) && row * k + n < indices.length; n += 1) {
        const other = indices[row * k + n] as number;
        const left = start(i) + n * (CELL + 4);
        const known = (page.labels[row] as number) >= 0 && (page.labels[other] as number) >= 0;
        const right = page.labels[row] === page.labels[other];
        const mark = known ? (right ? '✓ ' : '✗ ') : '';
        parts.push(image(page, other, left, top));
        if (known) {
          parts.push(
            `<rect class="${right ? 'right' : 'wrong'}" x="${left}" y="${top}" width="${CELL}" height="${CELL}" fill="none" stroke-width="2.5"/>`,
          );
        }
        parts.push(
          `<text class="chart-faint" font-size="10" x="${left}" y="${top + CELL + 11}">${mark}${(similarities[row * k + n] as number).toFixed(2)}</text>`,
        );
      }
    }
    top += CELL + 20;
  }
  return frame(WIDTH, Math.ceil(top + 4), page.title, parts.join('\n'));
}

function image(page: NeighboursPage, row: number, x: number, y: number): string {
  return `<image href="${page.pictures.get(row) ?? ''}" x="${x}" y="${y}" width="${CELL}" height="${CELL}"/>`;
}
