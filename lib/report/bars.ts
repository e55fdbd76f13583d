import { drawLegend, drawTitle, escapeText, fitText, frame, LEGEND_ROW, paint, px, ticks } from './svg.js';

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
const LEFT = 380;
const RIGHT = WIDTH - 60;
const MARGIN = 16;
const TITLE_LINE = 22;
const BAR = 11;
const GAP = 9;

/** Groups of horizontal bars from 0 to 100 %, 960 wide and as high as it takes, as SVG text. */
export function renderBars({ title, names, markName, groups }: BarChart): string {
  const legend = drawLegend(
    [
      ...names.map((name, index) => ({ name, sign: `<rect class="${color(index)}" y="-5" width="18" height="10"/>` })),
      ...(markName === undefined ? [] : [{ name: markName, sign: drawMark(9, -7, 14) }]),
    ],
    MARGIN,
    TITLE_LINE + 20,
    WIDTH - 2 * MARGIN,
  );
  const top = TITLE_LINE + 22 + legend.rows * LEGEND_ROW;
  const groupHeight = names.length * BAR + GAP;
  const bottom = top + groups.length * groupHeight;
  const x = (value: number): number => LEFT + Math.min(1, Math.max(0, value)) * (RIGHT - LEFT);
  const grid = ticks(0, 1).map(
    (value) =>
      `<line class="chart-grid" x1="${px(x(value))}" x2="${px(x(value))}" y1="${top - 6}" y2="${bottom}"/>` +
      `<text class="chart-faint" x="${px(x(value))}" y="${bottom + 16}" text-anchor="middle">${Math.round(100 * value)} %</text>`,
  );
  const body = groups.map((group, index) => drawGroup(group, top + index * groupHeight, x));
  return frame(
    WIDTH,
    bottom + 26,
    title,
    [drawTitle(title, MARGIN, TITLE_LINE, WIDTH - 2 * MARGIN), legend.svg, ...grid, ...body].join('\n'),
  );
}

/** Grey for what was printed, then the reports' colours. */
function color(index: number): string {
  return index === 0 ? 'chart-grey' : paint(index - 1, 'fill');
}

function drawMark(x: number, y: number, height: number): string {
  return `<path class="${paint(1, 'stroke')}" d="M${px(x)} ${px(y)}v${height}" stroke-width="2" fill="none"/>`;
}

function drawGroup({ label, bars }: BarGroup, top: number, x: (value: number) => number): string {
  const middle = top + (bars.length * BAR) / 2 + 4;
  const short = fitText(label, LEFT - 8 - MARGIN);
  const parts = [
    `<text class="chart-text" x="${LEFT - 8}" y="${px(middle)}" text-anchor="end">${escapeText(short)}</text>`,
  ];
  for (const [index, { value, range, mark }] of bars.entries()) {
    if (value === null || !Number.isFinite(value)) continue;
    const y = top + index * BAR;
    const end = Math.max(x(value), x(range?.[1] ?? 0));
    parts.push(
      `<rect x="${LEFT}" y="${y + 1}" width="${px(x(value) - LEFT)}" height="${BAR - 2}" class="${color(index)}"/>`,
      `<text x="${px(end + 5)}" y="${y + BAR - 1}" font-size="10" class="chart-faint">${(100 * value).toFixed(1)}</text>`,
    );
    if (mark !== undefined) {
      parts.push(drawMark(x(mark), y - 1, BAR + 2));
    }
    if (range === undefined || range[0] === range[1]) continue;
    const center = y + BAR / 2;
    parts.push(
      `<path d="M${px(x(range[0]))} ${center}H${px(x(range[1]))}" class="chart-rule" stroke-width="1.5" fill="none"/>`,
    );
  }
  return parts.join('');
}
