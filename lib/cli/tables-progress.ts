import { metricWords } from '../metrics/words.js';
import type { TrainEvent } from '../run/events.js';
import type { Jobs } from '../tables/jobs.js';
import type { PlannedRun, TablePlan } from '../tables/plan.js';
import type { TableEvent } from '../tables/run-table.js';
import { count, duration, percent, points, threadsText } from '../text/format.js';
import type { ProgressOutput } from './progress-output.js';

/** A run that goes on. */
interface RunOfNow {
  /** 'run 3/24 no-target, seed 0' */
  readonly prefix: string;
  /** 'no-target, seed 0' */
  readonly name: string;
  /** Of its steps, those that are done: 0 to 1. */
  part: number;
  step: Extract<TrainEvent, { type: 'step' }> | null;
}

/** Shows how far a table is: a line for each finished run, and what the runs of now are doing. */
export class TablesProgress {
  readonly #output: ProgressOutput;
  readonly #now: () => number;
  /** By PlannedRun.name. */
  readonly #running = new Map<string, RunOfNow>();
  #of = 0;
  /** Runs with a record since the beginning, and those of them that were trained. */
  #recorded = 0;
  #trained = 0;
  /** When the first training began, in seconds. */
  #begunAt: number | null = null;

  /** `now`: seconds. */
  constructor(output: ProgressOutput, now: () => number = () => performance.now() / 1000) {
    this.#output = output;
    this.#now = now;
  }

  plan({ table, scale, base, runs, rows }: TablePlan): void {
    this.#output.line(`${table.title}\nscale ${scale}: ${base.used}\n${runs.length} runs`);
    for (const { row, notRun } of rows)
      if (notRun !== undefined) this.#output.line(`not run: ${row.label} (${notRun})`);
  }

  show(event: TableEvent): void {
    switch (event.type) {
      case 'records': {
        const { records, refused } = event.found;
        this.#output.line(`folder ${event.folder.path}: ${records.size} runs are finished already`);
        for (const { path, reason } of refused)
          this.#output.warn(`warning: ${path} is not used: ${reason}; it is made anew, and kept as .old.`);
        break;
      }
      case 'warning':
        this.#output.warn(`warning: ${event.message}`);
        break;
      case 'measuring':
        this.#output.line('measuring for some seconds whether several runs at once are faster');
        break;
      case 'jobs':
        this.#showJobs(event.jobs);
        break;
      case 'extra':
        this.#output.line(extraText(event));
        break;
      case 'run': {
        const { run, number, of } = event;
        this.#of = of;
        this.#begunAt ??= this.#now();
        const name = `${run.row.id}, seed ${run.seed}`;
        this.#running.set(run.name, { prefix: `run ${number}/${of} ${name}`, name, part: 0, step: null });
        break;
      }
      case 'train':
        this.#showTraining(event.run, event.event);
        break;
      case 'recorded':
        this.#showRecord(event);
        break;
    }
  }

  warn(text: string): void {
    this.#output.warn(text);
  }

  close(): void {
    this.#output.close();
  }

  #showJobs({ jobs, threads, measured }: Jobs): void {
    const threadWords = `${threads} ${threads === 1 ? 'thread' : 'threads'} each`;
    const several = `${jobs} runs at once, ${threadWords}`;
    if (measured === null) {
      if (jobs > 1) this.#output.line(several);
      return;
    }
    const [together, alone] = [count(measured.together), count(measured.alone)];
    this.#output.line(
      jobs > 1
        ? `${several}: ${together} images/s; one at a time with all threads: ${alone}`
        : `one run at a time with all threads: ${alone} images/s; several at once: ${together}`,
    );
  }

  #showTraining(planned: PlannedRun, event: TrainEvent): void {
    const run = this.#running.get(planned.name);
    if (run === undefined) return;
    if (event.type === 'warning') {
      this.#output.line(`${run.prefix}: ${event.message}`);
    } else if (event.type === 'threads') {
      this.#output.line(`${run.prefix}: ${threadsText(event.threads, event.most)}`);
    } else if (event.type === 'step') {
      run.part = event.step / event.steps;
      run.step = event;
      this.#showState(run);
    }
  }

  /** Of one run its metrics, of several how far each is. */
  #showState({ prefix, step }: RunOfNow): void {
    const runs = [...this.#running.values()];
    const done = this.#recorded + runs.reduce((sum, { part }) => sum + part, 0);
    const text =
      runs.length === 1 && step !== null
        ? [`${prefix} | step ${step.step}/${step.steps}`, ...metricWords({ ...step.metrics }, 'step')].join(' | ')
        : [
            `${this.#recorded} of ${this.#of} runs`,
            ...runs.map(({ name, step: at }) => `${name}: ${at === null ? 'begins' : `step ${at.step}/${at.steps}`}`),
            ...this.#speed(runs),
          ].join(' | ');
    this.#output.state(Math.round(1000 * done), 1000 * this.#of, text);
  }

  #speed(runs: readonly RunOfNow[]): string[] {
    const sum = runs.reduce((total, { step }) => total + (step?.metrics.images_per_second ?? 0), 0);
    return sum === 0 ? [] : [`${count(sum)} images/s`];
  }

  #showRecord({ run, record, from }: Extract<TableEvent, { type: 'recorded' }>): void {
    const prefix = this.#running.get(run.name)?.prefix ?? run.name;
    this.#running.delete(run.name);
    this.#recorded += 1;
    if (from === undefined) this.#trained += 1;
    const { knnTop1, untrainedKnnTop1, collapseStd, verdict, seconds } = record;
    const gain = knnTop1 === null || untrainedKnnTop1 === null ? '' : ` (${points(knnTop1 - untrainedKnnTop1)})`;
    const spread = collapseStd === null ? '-' : collapseStd.toFixed(2);
    this.#output.line(
      `${prefix}: kNN ${percent(knnTop1)}${gain}, spread ${spread}, ${verdict.state}, ` +
        (from === undefined ? `${duration(seconds)}${this.#left()}` : `taken over from ${from}`),
    );
  }

  /** By what was done of runs since the first began, whether one at a time or several. */
  #left(): string {
    const left = this.#of - this.#recorded;
    if (left === 0 || this.#begunAt === null) return '';
    const parts = [...this.#running.values()].reduce((sum, { part }) => sum + part, 0);
    const perRun = (this.#now() - this.#begunAt) / (this.#trained + parts);
    return `; about ${duration((left - parts) * perRun)} left`;
  }
}

function extraText({ runs, seconds, tooLong }: Extract<TableEvent, { type: 'extra' }>): string {
  const more = `claims are open: ${runs} more runs of more seeds, in about ${duration(seconds)}`;
  if (tooLong === 0) return more;
  const rest = `${tooLong} ${tooLong === 1 ? 'claim' : 'claims'} would take longer than the budget (--budget MINUTES)`;
  return runs === 0 ? `still open: ${rest}` : `${more}; ${rest}`;
}
