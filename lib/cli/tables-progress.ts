import { metricWords } from '../metrics/words.js';
import type { TrainEvent } from '../run/events.js';
import type { TablePlan } from '../tables/plan.js';
import type { TableEvent } from '../tables/run-table.js';
import { duration, percent, points, threadsText } from '../text/format.js';
import type { ProgressOutput } from './progress-output.js';

/** Shows how far a table is: a line for each finished run, and what the run of now is doing. */
export class TablesProgress {
  readonly #output: ProgressOutput;
  #prefix = '';
  #number = 0;
  #of = 0;
  /** Of the runs that finished in this session. */
  #seconds: number[] = [];

  constructor(output: ProgressOutput) {
    this.#output = output;
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
      case 'run':
        this.#number = event.number;
        this.#of = event.of;
        this.#prefix = `run ${event.number}/${event.of} ${event.run.row.id}, seed ${event.run.seed}`;
        break;
      case 'train':
        this.#showTraining(event.event);
        break;
      case 'recorded': {
        const { knnTop1, untrainedKnnTop1, collapseStd, verdict, seconds } = event.record;
        if (event.from === undefined) this.#seconds.push(seconds);
        const gain = knnTop1 === null || untrainedKnnTop1 === null ? '' : ` (${points(knnTop1 - untrainedKnnTop1)})`;
        const spread = collapseStd === null ? '-' : collapseStd.toFixed(2);
        this.#output.line(
          `${this.#prefix}: kNN ${percent(knnTop1)}${gain}, spread ${spread}, ${verdict.state}, ` +
            (event.from === undefined ? `${duration(seconds)}${this.#left()}` : `taken over from ${event.from}`),
        );
        break;
      }
    }
  }

  warn(text: string): void {
    this.#output.warn(text);
  }

  close(): void {
    this.#output.close();
  }

  #showTraining(event: TrainEvent): void {
    if (event.type === 'warning') {
      this.#output.line(`${this.#prefix}: ${event.message}`);
    } else if (event.type === 'threads') {
      this.#output.line(`${this.#prefix}: ${threadsText(event.threads, event.most)}`);
    } else if (event.type === 'step') {
      const { step, steps, metrics } = event;
      const done = this.#number - 1 + step / steps;
      this.#output.state(
        Math.round(1000 * done),
        1000 * this.#of,
        [`${this.#prefix} | step ${step}/${steps}`, ...metricWords({ ...metrics }, 'step')].join(' | '),
      );
    }
  }

  #left(): string {
    const runs = this.#of - this.#number;
    if (runs === 0 || this.#seconds.length === 0) return '';
    const mean = this.#seconds.reduce((sum, seconds) => sum + seconds, 0) / this.#seconds.length;
    return `; about ${duration(runs * mean)} left`;
  }
}
