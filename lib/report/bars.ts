import { escapeText, ticks } from './svg.js';

/** A bar for each of several quantities that belong together. */
export interface Bar {
  /** Fractions, drawn as percent; null: none. */
  readonly value: number | null;
  /** Lowest and highest, drawn as a line over the end of the bar. */
  readonly range?: readonly [low: number, high: number];
  /** Something to compare with, drawn as a stroke across the bar. */
  readonly mark?: number;
}

export interface BarGroup {
  readonly label: string;
  /** One for each of the chart's names. */
  readonly bars: readonly Bar[];
}

export interface BarChart {
  readonly title: string;
  /** What the first, second ... bar of each group is. */
  readonly names: readonly string[];
  /** What the strokes across bars are, if there are any. */
  readonly markName?: string;
  readonly groups: readonly BarGroup[];
}

const WIDTH = 960;
const LEFT = 330;
const RIGHT = WIDTH - 60;
const TOP = 52;
const BAR = 11;
const GAP = 9;
/** As many letters of a label as fit beside the bars. */
const LABEL_LETTERS = 48;
/** Grey for what was printed, then the reports' colours. */
const COLORS = ['#999', '#0072b2'];
const MARK_COLOR = '#d55e00';

/** Groups of horizontal bars from 0 to 100 %, 960 wide and as high as it takes, as SVG text. */
export function renderBars({ title, names, markName, groups }: BarChart): string {
  const groupHeight = names.length * BAR + GAP;
  const bottom = TOP + groups.length * groupHeight;
  const x = (value: number): number => LEFT + Math.min(1, Math.max(0, value)) * (RIGHT - LEFT);
  const grid = ticks(0, 1).map(
    (value) =>
      `<line x1="${px(x(value))}" x2="${px(x(value))}" y1="${TOP - 6}" y2="${bottom}" stroke="#ddd"/>` +
      `<text x="${px(x(value))}" y="${bottom + 16}" text-anchor="middle" fill="#555">${Math.round(100 * value)} %</text>`,
  );
  const legend = [
    ...names.map((name, index) => ({ name, color: COLORS[index % COLORS.length] })),
    ...(markName === undefined ? [] : [{ name: markName, color: MARK_COLOR }]),
  ].map(
    ({ name, color }, index) =>
      `<text x="${RIGHT}" y="${14 + 13 * index}" text-anchor="end" fill="${color}">${escapeText(name)}</text>`,
  );
  const body = groups.map((group, index) => drawGroup(group, TOP + index * groupHeight, x));
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 26}" width="${WIDTH}" height="${bottom + 26}" ` +
    `role="img" font-family="system-ui, sans-serif" font-size="12"><rect width="${WIDTH}" height="${bottom + 26}" fill="#fff"/>\n` +
    `<text x="8" y="20" font-weight="600" fill="#222">${escapeText(title)}</text>\n` +
    `${[...grid, ...legend, ...body].join('\n')}\n</svg>`
  );
}

function drawGroup({ label, bars }: BarGroup, top: number, x: (value: number) => number): string {
  const middle = top + (bars.length * BAR) / 2 + 4;
  const short = label.length > LABEL_LETTERS ? `${label.slice(0, LABEL_LETTERS - 1)}…` : label;
  const parts = [`<text x="${LEFT - 8}" y="${px(middle)}" text-anchor="end" fill="#222">${escapeText(short)}</text>`];
  for (const [index, { value, range, mark }] of bars.entries()) {
    if (value === null || !Number.isFinite(value)) continue;
    const y = top + index * BAR;
    const end = Math.max(x(value), x(range?.[1] ?? 0));
    parts.push(
      `<rect x="${LEFT}" y="${y + 1}" width="${px(x(value) - LEFT)}" height="${BAR - 2}" fill="${COLORS[index % COLORS.length]}"/>`,
      `<text x="${px(end + 5)}" y="${y + BAR - 1}" font-size="10" fill="#555">${(100 * value).toFixed(1)}</text>`,
    );
    if (mark !== undefined) {
      parts.push(`<path d="M${px(x(mark))} ${y - 1}v${BAR + 2}" stroke="${MARK_COLOR}" stroke-width="2" fill="none"/>`);
    }
    if (range === undefined || range[0] === range[1]) continue;
    const center = y + BAR / 2;
    parts.push(
      `<path d="M${px(x(range[0]))} ${center}H${px(x(range[1]))}" stroke="#222" stroke-width="1.5" fill="none"/>`,
    );
  }
  return parts.join('');
}

/** Pixels with one decimal. */
function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
