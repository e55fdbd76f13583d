import { smooth } from './smoothing.js';
import { valueText } from './value-text.js';

/**
 * Of a page's script: makes one chart of uPlot's from a RunsChart. `options`: axis 'step' | 'epoch' | 'seconds', log, smoothing in
 * [0, 1), hidden (names or runs that are not drawn), zoom (x from and to, or null). Defines `plotChart`, `valueText` and `dark`.
 */
export const plotScript = `
  const smooth = ${smooth.toString()};
  const valueText = ${valueText.toString()};
  const root = document.documentElement;
  const dark = () => !printing && (root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  let printing = false;
  const colour = (look) => (dark() ? look.dark : look.light);
  const faint = () => (dark() ? '#a8adb3' : '#5c6166');
  const rule = () => (dark() ? '#2c3137' : '#e8e8e8');

  /** The x of a run's points in the unit of the axis. */
  const places = (run, points, axis) =>
    axis.kind === 'seconds' ? points.seconds.map((s) => s / axis.unit) : axis.kind === 'epoch' ? points.step.map((s) => s / run.stepsPerEpoch) : points.step;
  const endOf = (run, axis) => {
    if (axis.kind === 'step') return run.steps;
    if (axis.kind === 'epoch') return run.steps / run.stepsPerEpoch;
    return Math.max(0, run.readings.seconds.at(-1) ?? 0, run.epochs.seconds.at(-1) ?? 0) / axis.unit;
  };

  /** What uPlot draws: a table for each line, joined by x; and for each of its series what it is. */
  const seriesOf = (chart, runs, options) => {
    const tables = [];
    const series = [];
    chart.lines.forEach((line, index) => {
      const run = runs[line.run];
      const shown = (values) => (options.log ? values.map((v) => (v > 0 ? v : null)) : values);
      const end = endOf(run, options.axis);
      if (line.level !== undefined) {
        tables.push([[0, options.end], shown([line.level, line.level])]);
        series.push({ line: index, role: 'level' });
        return;
      }
      const points = line.from === null ? null : run[line.from];
      let x = points === null ? [] : places(run, points, options.axis);
      const column = points === null ? { mean: [] } : points.values[line.metric];
      let mean = column.mean;
      if (line.last !== undefined) {
        if (x.at(-1) !== end) { x = [...x, end]; mean = [...mean, line.last]; }
        else mean = [...mean.slice(0, -1), line.last];
      }
      const smoothed = options.smoothing > 0 && line.from === 'readings';
      const table = [x];
      if (column.low !== undefined) {
        table.push(shown(column.low), shown(column.high));
        series.push({ line: index, role: 'low' }, { line: index, role: 'high' });
      }
      table.push(shown(mean));
      series.push({ line: index, role: smoothed ? 'raw' : 'value' });
      if (smoothed) {
        table.push(shown(smooth(mean, options.smoothing)));
        series.push({ line: index, role: 'value' });
      }
      tables.push(table);
    });
    return { data: uPlot.join(tables.map((table) => table.map((values) => Array.from(values)))), series };
  };

  /** Of a line the nearest measured point; null: it has none near there. */
  const nearest = (u, s, at) => {
    const [x, y] = [u.data[0], u.data[s]];
    if (y[at] != null) return at;
    let [a, b] = [at, at];
    while (a >= 0 && y[a] == null) a -= 1;
    while (b < y.length && y[b] == null) b += 1;
    const near = (u.scales.x.max - u.scales.x.min) / 50;
    const [left, right] = [a < 0 ? Infinity : x[at] - x[a], b >= y.length ? Infinity : x[b] - x[at]];
    const between = left < Infinity && right < Infinity;
    if (!between && Math.min(left, right) > near) return null;
    return left <= right ? a : b;
  };

  /** Decimals that a number has, as far as it matters. */
  const digitsOf = (step) => {
    for (let digits = 0; digits < 8; digits += 1) if (Math.abs(step - Number(step.toFixed(digits))) < step / 100) return digits;
    return 8;
  };
  /** Numbers along an axis: with as many digits as tell them apart. */
  const tickTexts = (unit) => (u, splits) => {
    const finite = splits.filter((v) => v !== null);
    const step = finite.length > 1 ? Math.min(...finite.slice(1).map((v, i) => Math.abs(v - finite[i])).filter((d) => d > 0)) : 0;
    return splits.map((v) => {
      if (v === null) return '';
      if (unit === 'fraction') return (100 * v).toFixed(step > 0 ? digitsOf(100 * step) : 1) + ' %';
      if (unit === 'bytes' || unit === 'seconds') return valueText(v, unit, 3);
      const size = Math.max(...finite.map(Math.abs));
      if (v !== 0 && (size < 1e-4 || size >= 1e7)) return v.toExponential(1);
      return v.toLocaleString('en-US', { maximumFractionDigits: step > 0 ? digitsOf(step) : 6 });
    });
  };

  const WHOLE = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9].flatMap((power) => [power, 2 * power, 5 * power]);
  /** Bytes by powers of two; halves of threads mean nothing. */
  const incrementsOf = (chart, data, series) => {
    if (chart.unit === 'bytes') return { incrs: Array.from({ length: 40 }, (_, power) => 2 ** (power + 10)) };
    const whole = data.slice(1).every((values, s) => series[s].role !== 'value' || values.every((v) => v == null || Number.isInteger(v)));
    return whole ? { incrs: WHOLE } : {};
  };

  const widest = (values) => Math.max(34, 14 + 6.6 * Math.max(0, ...(values ?? []).map((text) => text.length)));

  /** \`told(u)\`: called when the pointer moves; \`chosen(from, to)\`: when a range of x was marked; \`whole()\`: on a double click. */
  const plotChart = (place, chart, runs, options, { told, chosen, whole }) => {
    const { data, series } = seriesOf(chart, runs, options);
    const font = '11px system-ui, sans-serif';
    const look = (item) => chart.lines[item.line].look;
    const isHidden = (item) => options.hidden.has(options.keyOf(chart, item.line));
    const axis = (more) => ({ font, stroke: faint, grid: { stroke: rule, width: 1 }, ticks: { stroke: rule, width: 1, size: 4 }, ...more });
    const u = new uPlot(
      {
        width: Math.max(200, place.clientWidth),
        height: options.height,
        legend: { show: false, live: true },
        padding: [8, 20, 0, 0],
        scales: {
          x: { time: false },
          y: options.log
            ? { distr: 3 }
            : {
                range: (_, low, high) => {
                  if (low === null) return [0, 1];
                  const [least, most] = options.zoom === null ? [Math.min(low, chart.min ?? low), Math.max(high, chart.max ?? high)] : [low, high];
                  const room = (most - least) * 0.06 || Math.abs(most) * 0.1 || 1;
                  return [chart.min !== null && least >= chart.min ? Math.max(chart.min, least - room) : least - room, most + room];
                },
              },
        },
        axes: [axis({ size: 26, gap: 3, values: tickTexts(null), ...(options.axis.kind === 'step' && { incrs: WHOLE }) }),
          axis({ gap: 3, ...incrementsOf(chart, data, series), values: tickTexts(chart.unit), size: (_, values) => widest(values) })],
        cursor: {
          dataIdx: (self, s, at) => (s === 0 ? at : series[s - 1].role === 'value' ? nearest(self, s, at) : null),
          points: { size: 7 },
          drag: { x: true, y: false, setScale: false, dist: 4 },
          sync: { key: 'runs', scales: ['x', null], filters: { pub: (type) => type === 'mousemove' } },
          y: false,
          bind: { dblclick: () => () => { whole(); return null; } },
        },
        series: [
          {},
          ...series.map((item) => ({
            show: !isHidden(item),
            stroke: item.role === 'low' || item.role === 'high' ? undefined : () => colour(look(item)) + (item.role === 'raw' ? '55' : ''),
            width: item.role === 'raw' ? 1 : item.role === 'level' ? 1.2 : 1.8,
            dash: look(item).dash.length > 0 ? look(item).dash : undefined,
            points: { show: item.role === 'value' && (chart.lines[item.line].from !== 'readings' ? data[0].length < 4000 : undefined), size: chart.lines[item.line].from === null ? 8 : 5 },
            // kNN is not asked after every epoch.
            spanGaps: chart.lines[item.line].from !== 'readings',
          })),
        ],
        bands: series.flatMap((item, at) =>
          item.role === 'low' ? [{ series: [at + 2, at + 1], fill: () => colour(look(item)) + '26' }] : [],
        ),
        hooks: {
          setCursor: [told],
          setSelect: [
            (self) => {
              const { left, width } = self.select;
              if (width < 4) return;
              const [from, to] = [self.posToVal(left, 'x'), self.posToVal(left + width, 'x')];
              self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              chosen(from, to);
            },
          ],
        },
      },
      data,
      place,
    );
    u.lineSeries = series;
    u.setScale('x', rangeOf(options));
    return u;
  };
  const rangeOf = ({ zoom, end }) => (zoom === null ? { min: 0, max: end || 1 } : { min: zoom[0], max: zoom[1] });
`;
