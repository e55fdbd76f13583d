import {
  drawLegend,
  drawTitle,
  escapeText,
  fitText,
  frame,
  LEGEND_ROW,
  type LegendItem,
  paint,
  px,
  textWidth,
  tickLabels,
  ticks,
} from './svg.js';

/** Line charts as SVG text. */

export type Point = readonly [x: number, y: number];

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  /** Dashed: a reference, not a measurement over time. */
  readonly dashed?: boolean;
}

export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly series: readonly Series[];
  /** Shown at least this range of y; data may widen it. */
  readonly yMin?: number;
  readonly yMax?: number;
  /** Label y as percent: 0.5 is 50 %. */
  readonly percent?: boolean;
  /** Names of x = 0, 1, 2 ..., in place of numbers; every point is then marked. */
  readonly categories?: readonly string[];
}

const WIDTH = 480;
const HEIGHT = 260;
const MARGIN = 16;
/** Room for half of the last label. */
const RIGHT = WIDTH - 30;
const BOTTOM = HEIGHT - 40;
const TITLE_LINE = 20;
/** More points than pixels only cost bytes. */
const MOST_POINTS = 400;

/** One chart, 480 x 260; x is whole numbers (steps, or the places of categories). Points that are not finite interrupt the line. */
export function renderChart(chart: Chart): string {
  return frame(WIDTH, HEIGHT, chart.title, drawChart(chart));
}

/** Several charts side by side in one picture. */
export function renderCharts(charts: readonly Chart[], columns = 2): string {
  const rows = Math.ceil(charts.length / columns);
  const body = charts.map((chart, index) => {
    const x = (index % columns) * WIDTH;
    const y = Math.floor(index / columns) * HEIGHT;
    return `<g transform="translate(${x} ${y})">${drawChart(chart)}</g>`;
  });
  const title = charts.map((chart) => chart.title).join(', ');
  return frame(WIDTH * Math.min(columns, charts.length), HEIGHT * rows, title, body.join('\n'));
}

/** At most `most` points: means of equal runs of neighbours, over those that are finite. */
export function thin(points: readonly Point[], most = MOST_POINTS): Point[] {
  const size = Math.ceil(points.length / most);
  if (size <= 1) return [...points];
  const out: Point[] = [];
  for (let start = 0; start < points.length; start += size) {
    const all = points.slice(start, start + size);
    const finite = all.filter(isFinitePoint);
    const run = finite.length === 0 ? all : finite;
    const mean = (axis: 0 | 1): number => run.reduce((sum, point) => sum + point[axis], 0) / run.length;
    out.push([mean(0), mean(1)]);
  }
  return out;
}

function drawChart(chart: Chart): string {
  const series = chart.series.map((item) => ({ ...item, points: thin(item.points) }));
  const points = series.flatMap((item) => item.points.filter(isFinitePoint));
  const title = drawTitle(chart.title, MARGIN, TITLE_LINE, WIDTH - 2 * MARGIN);
  if (points.length === 0) {
    return `${title}<text class="chart-faint" x="${MARGIN}" y="${HEIGHT / 2}">nothing measured</text>`;
  }
  const legend = drawLegend(
    series.length < 2 ? [] : series.map(legendItem),
    MARGIN,
    TITLE_LINE + 19,
    WIDTH - 2 * MARGIN,
  );

  // Over the whole run, from its first step; over all categories, measured or not.
  const last = (chart.categories?.length ?? 1) - 1;
  const [xLow, xHigh] = widen(extent([...points, [0, 0], [last, 0]], 0), 1);
  const [yLow, yHigh] = widen(extent(points, 1, chart));
  const yTicks = ticks(yLow, yHigh);
  const labels = chart.percent
    ? tickLabels(yTicks.map((value) => 100 * value)).map((text) => `${text} %`)
    : tickLabels(yTicks);
  const left = Math.max(44, 8 + 6 + Math.max(...labels.map((text) => textWidth(text))));
  const top = TITLE_LINE + 14 + legend.rows * LEGEND_ROW;
  const x = scale(xLow, xHigh, left, RIGHT);
  const y = scale(yLow, yHigh, BOTTOM, top);

  const grid = yTicks.map(
    (value, index) =>
      `<line class="chart-grid" x1="${px(left)}" x2="${RIGHT}" y1="${px(y(value))}" y2="${px(y(value))}"/>` +
      `<text class="chart-faint" x="${px(left - 6)}" y="${px(y(value) + 4)}" text-anchor="end">${labels[index]}</text>`,
  );
  const { categories } = chart;
  const xTicks = categories === undefined ? ticks(xLow, xHigh, 6, true) : categories.map((_, index) => index);
  // The first and the last name stay beside the axis; each has the room of its neighbours' halves.
  const room =
    categories === undefined ? Number.POSITIVE_INFINITY : (RIGHT - left) / Math.max(1, categories.length - 1);
  const names = categories?.map((name) => escapeText(fitText(name, room - 6))) ?? tickLabels(xTicks);
  const marks = names.map((text, index) => {
    const anchor = categories !== undefined && index === 0 ? 'start' : 'middle';
    return `<text class="chart-faint" x="${px(x(xTicks[index] as number))}" y="${BOTTOM + 16}" text-anchor="${anchor}">${text}</text>`;
  });
  const axis = `<text class="chart-faint" x="${RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${escapeText(chart.xLabel)}</text>`;
  const lines = series.map((item, index) => drawSeries(item, index, x, y, categories !== undefined));
  return [title, legend.svg, ...grid, ...marks, axis, ...lines].join('\n');
}

function legendItem({ name, dashed, points }: Series, index: number): LegendItem {
  if (points.length === 1) return { name, sign: `<circle class="${paint(index, 'fill')}" cx="9" r="3"/>` };
  const dash = dashed === true ? ' stroke-dasharray="5 4"' : '';
  return {
    name,
    sign: `<line class="${paint(index, 'stroke')}" x2="18" stroke-width="2"${dash}/>`,
  };
}

function drawSeries(
  series: Series,
  index: number,
  x: (v: number) => number,
  y: (v: number) => number,
  marked: boolean,
): string {
  const dash = series.dashed === true ? ' stroke-dasharray="5 4"' : '';
  let path = '';
  const dots: string[] = [];
  for (const [at, point] of series.points.entries()) {
    if (!isFinitePoint(point)) continue;
    const joined = hasFinite(series.points, at - 1);
    path += `${joined ? 'L' : 'M'}${px(x(point[0]))} ${px(y(point[1]))}`;
    // A lone point has no line to show it.
    if (marked || (!joined && !hasFinite(series.points, at + 1))) {
      dots.push(`<circle class="${paint(index, 'fill')}" cx="${px(x(point[0]))}" cy="${px(y(point[1]))}" r="3"/>`);
    }
  }
  return `<path class="${paint(index, 'stroke')}" d="${path}" fill="none" stroke-width="1.8"${dash}/>${dots.join('')}`;
}

function hasFinite(points: readonly Point[], index: number): boolean {
  const point = points[index];
  return point !== undefined && isFinitePoint(point);
}

function extent(points: readonly Point[], axis: 0 | 1, shown: Pick<Chart, 'yMin' | 'yMax'> = {}): [number, number] {
  let low = shown.yMin ?? Number.POSITIVE_INFINITY;
  let high = shown.yMax ?? Number.NEGATIVE_INFINITY;
  for (const point of points) {
    low = Math.min(low, point[axis]);
    high = Math.max(high, point[axis]);
  }
  return [low, high];
}

/** A constant still needs a width and a height to be drawn in: its own size to both sides, or `least`. */
function widen([low, high]: [number, number], least = 0): [number, number] {
  if (low !== high) return [low, high];
  const half = Math.max(Math.abs(low) / 10, least);
  return half === 0 ? [0, 1] : [low - half, high + half];
}

function scale(low: number, high: number, from: number, to: number): (value: number) => number {
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

function isFinitePoint(point: Point): boolean {
  return Number.isFinite(point[0]) && Number.isFinite(point[1]);
}
