import { type MetricDefinitions, metricDefinitions, metricGroups, sharedCharts } from '../metrics/definitions.js';
import { type LineLook, lineLook, runLook } from './line-looks.js';
import type { RunData } from './run-data.js';

/** Which charts a page about runs has: of one run each with all that belongs together, of several each of one metric. */

export interface RunsChart {
  readonly title: string;
  readonly group: string;
  /** How values are written: see MetricPresentation. */
  readonly unit: 'fraction' | 'seconds' | 'bytes' | null;
  /** Shown at least so far while nothing is enlarged; null: as far as values go. */
  readonly min: number | null;
  readonly max: number | null;
  readonly lines: readonly RunsLine[];
}

export interface RunsLine {
  readonly name: string;
  readonly look: LineLook;
  /** Its run's place in the page. */
  readonly run: number;
  /** The readings of steps or of epochs; null: only what `level` or `last` says. */
  readonly from: 'readings' | 'epochs' | null;
  readonly metric: string;
  /** A reference: the same all along, and dashed. */
  readonly level?: number;
  /** What was measured after the last step. */
  readonly last?: number;
}

export function runsCharts(
  runs: readonly RunData[],
  definitions: MetricDefinitions = metricDefinitions,
): readonly RunsChart[] {
  const charts = runs.length === 1 ? ofOne(runs[0] as RunData, definitions) : ofSeveral(runs, definitions);
  const order: readonly string[] = Object.values(metricGroups);
  return charts
    .filter(({ lines }) => lines.some(({ level }) => level === undefined))
    .sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
}

function ofOne(run: RunData, definitions: MetricDefinitions): RunsChart[] {
  const charts: RunsChart[] = [];
  const shared = new Set<string>();
  for (const [name, { chart, group, unit, range, title }] of Object.entries(definitions)) {
    if (chart === null) continue;
    const frame = { group: metricGroups[group], unit: unit ?? null };
    if (chart === 'own') {
      const [min, max] = range;
      const lines = named(linesOf(run, 0, name, definitions, title), name === 'loss' ? run.loss.title : title);
      charts.push({ ...frame, title: titleOf(name, [run], title), ...lossRange(name, [run], { min, max }), lines });
      continue;
    }
    if (shared.has(chart)) continue;
    shared.add(chart);
    const members = Object.entries(definitions).filter(([, other]) => other.chart === chart);
    const lines = members.flatMap(([member, other]) => linesOf(run, 0, member, definitions, other.title));
    charts.push({ ...frame, title: sharedCharts[chart], min: 0, max: null, lines: looks(lines) });
  }
  return charts;
}

function ofSeveral(runs: readonly RunData[], definitions: MetricDefinitions): RunsChart[] {
  return Object.entries(definitions).flatMap(([name, { chart, group, unit, range, title }]) => {
    if (chart === null) return [];
    const [min, max] = chart === 'own' ? range : [0, null];
    const lines = runs.flatMap((run, index) => {
      const [first] = linesOf(run, index, name, definitions, run.name);
      return first === undefined ? [] : [{ ...first, name: run.name, look: runLook(index) }];
    });
    const heading = chart === 'own' ? titleOf(name, runs, title) : heads[name as keyof typeof heads];
    return [
      {
        title: heading ?? capital(title),
        group: metricGroups[group],
        unit: unit ?? null,
        ...lossRange(name, runs, { min, max }),
        lines,
      },
    ];
  });
}

/** Lines among others are named for their chart; alone they say what they are. */
const heads = {
  'time/data': 'Waiting for images, seconds of a step',
  'time/augment': 'Views, seconds of a step',
  'time/forward': 'Forward, seconds of a step',
  'time/backward': 'Backward, seconds of a step',
  'time/update': 'Update, seconds of a step',
} as const;

function linesOf(
  run: RunData,
  index: number,
  metric: string,
  definitions: MetricDefinitions,
  name: string,
): RunsLine[] {
  const from = definitions[metric]?.from === 'evaluation' ? 'epochs' : 'readings';
  const { [metric]: last } = run.final;
  const { [metric]: untrained } = run.untrained;
  const measured = run[from].values[metric] !== undefined;
  const line = { name, look: lineLook(0), run: index, metric };
  // With other images it is another measurement.
  const goesOn = last !== undefined && run.sameImages;
  const lines: RunsLine[] = [];
  if (measured || goesOn) lines.push({ ...line, from: measured ? from : null, ...(goesOn && { last }) });
  if (last !== undefined && !goesOn) lines.push({ ...line, name: `${name}, all of them`, from: null, last });
  if (lines.length > 0 && untrained !== undefined) {
    lines.push({ ...line, name: `untrained ${name.split(',')[0]}`, from: null, level: untrained });
  }
  if (metric === 'loss' && measured && run.loss.chance !== null) {
    lines.push({ ...line, name: 'chance', from: null, level: run.loss.chance });
  }
  return lines;
}

/** A line that is alone in its chart needs no name of its own: its chart has it. */
function named(lines: readonly RunsLine[], title: string): RunsLine[] {
  const [first, ...others] = lines;
  return looks(first === undefined ? [] : [{ ...first, name: short(title) }, ...others]);
}

/** "Spread of the projections (1 spread, 0 collapsed)" without what it means. */
function short(title: string): string {
  return title.replace(/ \(.*\)$/, '');
}

/** A reference has the colour of what it refers to. */
function looks(lines: readonly RunsLine[]): RunsLine[] {
  let next = 0;
  const ofMetric = new Map<string, LineLook>();
  return lines.map((line) => {
    const known = line.level === undefined ? undefined : ofMetric.get(line.metric);
    const look = known ?? lineLook(next++);
    if (!ofMetric.has(line.metric)) ofMetric.set(line.metric, look);
    return { ...line, look: line.level === undefined ? look : { ...look, dash: [5, 4] } };
  });
}

function titleOf(name: string, runs: readonly RunData[], title: string): string {
  if (name !== 'loss') return title;
  const titles = new Set(runs.map(({ loss }) => lossTitle(loss)));
  return titles.size === 1 ? ([...titles][0] as string) : 'Loss, of different objectives';
}

function lossTitle({ title, chance }: RunData['loss']): string {
  return chance === null ? title : `${title} (${Number(chance.toPrecision(3))} is chance)`;
}

function lossRange(
  name: string,
  runs: readonly RunData[],
  range: { readonly min: number | null; readonly max: number | null },
): { readonly min: number | null; readonly max: number | null } {
  if (name !== 'loss') return range;
  const chances = runs.flatMap(({ loss }) => loss.chance ?? []);
  return {
    min: runs.every(({ loss }) => loss.fromZero) ? 0 : null,
    max: chances.length === 0 ? null : Math.max(...chances),
  };
}

/** But of names that are written small: kNN. */
function capital(text: string): string {
  return /^[a-z]+\b/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
