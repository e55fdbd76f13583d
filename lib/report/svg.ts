/** Line charts as SVG text: no dependencies, no external resources, readable on light and dark pages. */

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
}

const WIDTH = 480;
const HEIGHT = 260;
const PLOT = { left: 56, top: 34, right: WIDTH - 16, bottom: HEIGHT - 40 };
/** Distinguishable with any colour vision (Okabe and Ito). */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00'];
/** More points than pixels only cost bytes. */
const MOST_POINTS = 400;

/** One chart, 480 x 260. Points that are not finite interrupt the line. */
export function renderChart(chart: Chart): string {
  return svg(WIDTH, HEIGHT, drawChart(chart));
}

/** Several charts side by side in one picture. */
export function renderCharts(charts: readonly Chart[], columns = 2): string {
  const rows = Math.ceil(charts.length / columns);
  const body = charts.map((chart, index) => {
    const x = (index % columns) * WIDTH;
    const y = Math.floor(index / columns) * HEIGHT;
    return `<g transform="translate(${x} ${y})">${drawChart(chart)}</g>`;
  });
  return svg(WIDTH * Math.min(columns, charts.length), HEIGHT * rows, body.join('\n'));
}

/** For text and for attribute values in double quotes. */
export function escapeText(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** At most `most` points: means of equal runs of neighbours. */
export function thin(points: readonly Point[], most = MOST_POINTS): Point[] {
  const size = Math.ceil(points.length / most);
  if (size <= 1) return [...points];
  const out: Point[] = [];
  for (let start = 0; start < points.length; start += size) {
    const run = points.slice(start, start + size);
    const mean = (axis: 0 | 1): number => run.reduce((sum, point) => sum + point[axis], 0) / run.length;
    out.push([mean(0), mean(1)]);
  }
  return out;
}

/** Round numbers that cover [low, high], about `count` of them. */
export function ticks(low: number, high: number, count = 5): number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) as number);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function svg(width: number, height: number, body: string): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `font-family="system-ui, sans-serif" font-size="12"><rect width="${width}" height="${height}" fill="#fff"/>\n${body}\n</svg>`
  );
}

function drawChart(chart: Chart): string {
  const series = chart.series.map((item) => ({ ...item, points: thin(item.points) }));
  const points = series.flatMap((item) => item.points.filter(isFinitePoint));
  const title = `<text x="${PLOT.left}" y="20" font-weight="600" fill="#222">${escapeText(chart.title)}</text>`;
  if (points.length === 0)
    return `${title}<text x="${PLOT.left}" y="${HEIGHT / 2}" fill="#666">nothing measured</text>`;

  const [xLow, xHigh] = extent(points, 0, {});
  const [yLow, yHigh] = extent(points, 1, chart);
  const x = scale(xLow, xHigh, PLOT.left, PLOT.right);
  const y = scale(yLow, yHigh, PLOT.bottom, PLOT.top);
  const label = chart.percent ? (value: number) => `${number(100 * value)} %` : number;
  const grid = ticks(yLow, yHigh).map(
    (value) =>
      `<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${px(y(value))}" y2="${px(y(value))}" stroke="#ddd"/>` +
      `<text x="${PLOT.left - 6}" y="${px(y(value) + 4)}" text-anchor="end" fill="#555">${label(value)}</text>`,
  );
  const marks = ticks(xLow, xHigh, 6).map(
    (value) =>
      `<text x="${px(x(value))}" y="${PLOT.bottom + 16}" text-anchor="middle" fill="#555">${number(value)}</text>`,
  );
  const axis = `<text x="${PLOT.right}" y="${HEIGHT - 8}" text-anchor="end" fill="#555">${escapeText(chart.xLabel)}</text>`;
  const lines = series.map((item, index) => drawSeries(item, COLORS[index % COLORS.length] as string, x, y));
  return [title, ...grid, ...marks, axis, ...lines, drawLegend(series)].join('\n');
}

function drawSeries(series: Series, color: string, x: (v: number) => number, y: (v: number) => number): string {
  const dash = series.dashed ? ' stroke-dasharray="5 4"' : '';
  let path = '';
  let pen = 'M';
  for (const point of series.points) {
    if (isFinitePoint(point)) path += `${pen}${px(x(point[0]))} ${px(y(point[1]))}`;
    pen = isFinitePoint(point) ? 'L' : 'M';
  }
  // A lone point has no line to show it.
  const only = series.points.length === 1 ? series.points.find(isFinitePoint) : undefined;
  const dot = only && `<circle cx="${px(x(only[0]))}" cy="${px(y(only[1]))}" r="3" fill="${color}"/>`;
  return `<path d="${path}" fill="none" stroke="${color}" stroke-width="1.8"${dash}/>${dot ?? ''}`;
}

function drawLegend(series: readonly Series[]): string {
  if (series.length < 2) return '';
  let right = PLOT.right;
  const items: string[] = [];
  for (const [index, item] of [...series.entries()].reverse()) {
    const color = COLORS[index % COLORS.length] as string;
    items.push(`<text x="${right}" y="20" text-anchor="end" fill="${color}">${escapeText(item.name)}</text>`);
    right -= 7 * item.name.length + 14;
  }
  return items.join('');
}

function extent(points: readonly Point[], axis: 0 | 1, shown: Pick<Chart, 'yMin' | 'yMax'>): [number, number] {
  let low = shown.yMin ?? Number.POSITIVE_INFINITY;
  let high = shown.yMax ?? Number.NEGATIVE_INFINITY;
  for (const point of points) {
    low = Math.min(low, point[axis]);
    high = Math.max(high, point[axis]);
  }
  // A constant still needs a height to be drawn in.
  if (low === high) return low === 0 ? [0, 1] : [low - Math.abs(low) / 10, high + Math.abs(high) / 10];
  return [low, high];
}

function scale(low: number, high: number, from: number, to: number): (value: number) => number {
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

function isFinitePoint(point: Point): boolean {
  return Number.isFinite(point[0]) && Number.isFinite(point[1]);
}

/** Pixels with one decimal. */
function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function number(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(1) : String(Number(value.toPrecision(4)));
}
