/** What all pictures share: SVG text without external resources, right inside a page and inside an <img>, on light and dark. */

/** Distinguishable with any colour vision (Okabe and Ito); the dark page has lighter ones of the same hues. */
const COLORS = [
  ['#0072b2', '#56b4e9'],
  ['#d55e00', '#f58a4b'],
  ['#009e73', '#2fc79b'],
  ['#cc79a7', '#e3a5c4'],
  ['#b37700', '#e6b030'],
] as const;

/** A class that paints lines of the n-th colour (`stroke`) or areas (`fill`). */
export function paint(index: number, how: 'stroke' | 'fill'): string {
  return `chart-${how}${index % COLORS.length}`;
}

const shades = (theme: 0 | 1): string =>
  COLORS.map((color, i) => `.chart-stroke${i}{stroke:${color[theme]}}.chart-fill${i}{fill:${color[theme]}}`).join('');

/** The pictures bring their background: what shows them need not know whether it is dark. */
const STYLE =
  `.chart-page{fill:#fff}.chart-text{fill:#222}.chart-faint{fill:#555}.chart-grid{stroke:#ddd}.chart-rule{stroke:#222}.chart-grey{fill:#999}${shades(0)}` +
  '@media(prefers-color-scheme:dark){.chart-page{fill:#15181c}.chart-text{fill:#e6e6e6}.chart-faint{fill:#a8adb3}.chart-grid{stroke:#3a3f45}' +
  `.chart-rule{stroke:#e6e6e6}.chart-grey{fill:#777}${shades(1)}}`;

/** For pages, whose reader may choose against the system's preference: over what pictures in them bring along. */
export const PAGE_PICTURES = (() => {
  const rule = (name: string, property: 'fill' | 'stroke', light: string, dark: string): string =>
    `svg .${name}{${property}:light-dark(${light},${dark})}`;
  return [
    rule('chart-page', 'fill', '#fff', '#15181c'),
    rule('chart-text', 'fill', '#222', '#e6e6e6'),
    rule('chart-faint', 'fill', '#555', '#a8adb3'),
    rule('chart-grid', 'stroke', '#ddd', '#3a3f45'),
    rule('chart-rule', 'stroke', '#222', '#e6e6e6'),
    rule('chart-grey', 'fill', '#999', '#777'),
    ...COLORS.flatMap(([light, dark], i) => [
      rule(`chart-stroke${i}`, 'stroke', light, dark),
      rule(`chart-fill${i}`, 'fill', light, dark),
    ]),
  ].join('');
})();

export const FONT_SIZE = 12;

/** `body` on its background. `title` is for those who cannot see the picture. */
export function frame(width: number, height: number, title: string, body: string): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `role="img" aria-label="${escapeText(title)}" font-family="system-ui, sans-serif" font-size="${FONT_SIZE}"><style>${STYLE}</style>` +
    `<rect class="chart-page" width="${width}" height="${height}"/>\n${body}\n</svg>`
  );
}

/** For text and for attribute values in double quotes. Characters that XML does not have at all are replaced. */
export function escapeText(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** Pixels that a text takes at most in the wide fonts among those that browsers choose for system-ui. */
export function textWidth(text: string, size = FONT_SIZE): number {
  let ems = 0;
  for (const character of text) ems += widthOf(character);
  return ems * size;
}

function widthOf(character: string): number {
  if (/[fijlrtI.,:;'|!()[\]/ -]/.test(character)) return 0.42;
  if (/[mwMW%@&<>=+~]/.test(character)) return 1;
  if (/[A-Z]/.test(character)) return 0.78;
  return (character.codePointAt(0) as number) < 0x1100 ? 0.65 : 1.05;
}

/** The text, or as much of its start as fits into so many pixels, with an ellipsis. */
export function fitText(text: string, width: number, size = FONT_SIZE): string {
  if (textWidth(text, size) <= width) return text;
  const characters = [...text];
  while (characters.length > 0 && textWidth(`${characters.join('')}…`, size) > width) characters.pop();
  return `${characters.join('').trimEnd()}…`;
}

/** A bold line at the left. */
export function drawTitle(title: string, x: number, y: number, width: number): string {
  // Bold letters are wider.
  const shown = fitText(title, width / 1.12);
  return `<text class="chart-text" x="${x}" y="${y}" font-weight="600">${escapeText(shown)}</text>`;
}

export interface LegendItem {
  readonly name: string;
  /** The sign, 18 x 10 pixels around the origin of its left middle. */
  readonly sign: string;
}

const SIGN = 18;
export const LEGEND_ROW = 16;

/** Signs and names from left to right, in as many rows as they take. `y`: baseline of the first row. */
export function drawLegend(
  items: readonly LegendItem[],
  x: number,
  y: number,
  width: number,
): { readonly svg: string; readonly rows: number } {
  let left = 0;
  let row = 0;
  const parts = items.map(({ name, sign }) => {
    const text = fitText(name, width - SIGN - 6);
    const taken = SIGN + 6 + textWidth(text);
    if (left > 0 && left + taken > width) {
      left = 0;
      row += 1;
    }
    const at = { x: x + left, y: y + row * LEGEND_ROW };
    left += taken + 14;
    return (
      `<g transform="translate(${px(at.x)} ${at.y - 4})">${sign}</g>` +
      `<text class="chart-text" x="${px(at.x + SIGN + 6)}" y="${at.y}">${escapeText(text)}</text>`
    );
  });
  return { svg: parts.join('\n'), rows: items.length === 0 ? 0 : row + 1 };
}

/** Round numbers that cover [low, high], about `count` of them; whole ones where only those mean something. */
export function ticks(low: number, high: number, count = 5, integers = false): number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) as number);
  const step = integers ? Math.max(1, round) : round;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The ticks as text: all with as many decimals as tell them apart. */
export function tickLabels(values: readonly number[]): string[] {
  const [first = 0, second] = values;
  if (second === undefined) return values.map((value) => String(Number(value.toPrecision(4))));
  const size = Math.max(...values.map(Math.abs));
  const power = Math.floor(Math.log10(Math.abs(second - first)) + 1e-9);
  if (size >= 1e7 || size < 1e-3) {
    const digits = Math.min(3, Math.max(0, Math.floor(Math.log10(size)) - power));
    return values.map((value) => (value === 0 ? '0' : value.toExponential(digits)));
  }
  return values.map((value) => value.toFixed(Math.max(0, -power)));
}

/** Pixels with one decimal. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
