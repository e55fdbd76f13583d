import { renderPage } from './html.js';
import { escapeText } from './svg.js';

/** A page about a set of images: what there is, samples of each class, and what is odd, broken or there twice. */

export interface PagePicture {
  /** A JPEG. */
  readonly jpeg: Uint8Array;
  readonly caption: string;
}

/** Pictures of one sort. */
export interface PictureRow {
  readonly title: string;
  readonly note: string;
  readonly pictures: readonly PagePicture[];
}

export interface PhotosPage {
  readonly title: string;
  readonly verdict: { readonly good: boolean; readonly text: string };
  /** Names and values, each a line. */
  readonly facts: ReadonlyArray<readonly [name: string, value: string]>;
  readonly notes: readonly string[];
  readonly classes: readonly PictureRow[];
  readonly odd: readonly PictureRow[];
  /** Lists of names, the longest part of which is folded away. */
  readonly lists: ReadonlyArray<{ readonly title: string; readonly lines: readonly string[] }>;
}

export function renderPhotosPage({ title, verdict, facts, notes, classes, odd, lists }: PhotosPage): string {
  const rows = facts.map(([name, value]) => `<tr><td>${escapeText(name)}</td><td>${escapeText(value)}</td></tr>`);
  return renderPage(
    title,
    `<p class="verdict ${verdict.good ? 'good' : 'fair'}">${escapeText(verdict.text)}</p>
<div class="scroll"><table>${rows.join('\n')}</table></div>
${notes.map((note) => `<p>${escapeText(note)}</p>`).join('\n')}
${renderRows('Odd images', odd)}
${lists.map(renderList).join('\n')}
${renderRows('Samples', classes)}`,
    { style: STYLE },
  );
}

const STYLE = `
.pictures { display: flex; flex-wrap: wrap; gap: 8px; margin: .3em 0 1em; }
.pictures figure { margin: 0; width: 100px; }
.pictures img { display: block; max-width: 96px; max-height: 96px; }
.pictures figcaption { font-size: 11px; line-height: 1.25; overflow-wrap: anywhere; }
h3 { margin: .8em 0 0; font-size: 1em; }
`;

function renderRows(title: string, rows: readonly PictureRow[]): string {
  if (rows.length === 0) return '';
  const row = ({ title: name, note, pictures }: PictureRow): string =>
    `<h3>${escapeText(name)} <small>${escapeText(note)}</small></h3>\n<div class="pictures">${pictures.map(renderPicture).join('')}</div>`;
  return `<h2>${escapeText(title)}</h2>\n${rows.map(row).join('\n')}`;
}

function renderPicture({ jpeg, caption }: PagePicture): string {
  const source = `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`;
  return `<figure><img src="${source}" alt="${escapeText(caption)}"><figcaption>${escapeText(caption)}</figcaption></figure>`;
}

function renderList({ title, lines }: PhotosPage['lists'][number]): string {
  const items = lines.map((line) => `<li>${escapeText(line)}</li>`).join('\n');
  return `<details${lines.length <= 20 ? ' open' : ''}><summary>${escapeText(title)}</summary><ul>\n${items}\n</ul></details>`;
}
