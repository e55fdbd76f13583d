import type { EncoderPlan, PlannedEvaluation } from '../tables/encoders/plan.js';
import type { EncoderTableEvent } from '../tables/encoders/run-encoder-table.js';
import { count, duration, percent, threadsText } from '../text/format.js';
import type { ProgressOutput } from './progress-output.js';

/** Shows how far a table of encoders is: a line for each evaluation, and what is done now. */
export class EncoderTablesProgress {
  readonly #output: ProgressOutput;
  #prefix = '';
  #number = 0;
  #of = 0;
  #begun = 0;

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  plan({ table, scale, base, rows, columns, evaluations }: EncoderPlan): void {
    this.#output.line(`${table.title}\nscale ${scale}: ${base.used}\n${evaluations.length} evaluations`);
    for (const { name, set, notRun } of columns)
      this.#output.line(
        notRun === undefined ? `${name}: ${base.sets.get(set)?.text}` : `not measured: ${name} (${notRun})`,
      );
    for (const { row, notRun } of rows)
      if (notRun !== undefined && row.encoder !== undefined)
        this.#output.line(`not measured: ${row.label} (${notRun})`);
  }

  show(event: EncoderTableEvent): void {
    switch (event.type) {
      case 'records': {
        const { records, refused } = event.found;
        this.#output.line(`folder ${event.folder.path}: ${records.size} evaluations are finished already`);
        for (const { path, reason } of refused)
          this.#output.warn(`warning: ${path} is not used: ${reason}; it is made anew, and kept as .old.`);
        break;
      }
      case 'warning':
        this.#output.warn(`warning: ${event.message}`);
        break;
      case 'evaluation':
        this.#number = event.number;
        this.#of = event.of;
        if (event.number === 1) this.#begun = performance.now();
        this.#prefix = `${event.number}/${event.of} ${nameOf(event.planned)}`;
        break;
      case 'train':
        this.#showTraining(event.event);
        break;
      case 'progress': {
        const { phase, done, total } = event.progress;
        this.#state(total === 0 ? 0 : done / total, `${phase} ${count(done)}/${count(total)}`);
        break;
      }
      case 'recorded': {
        const { outcome, numbers } = event.record;
        const told = Object.entries(numbers).map(([name, value]) => `${name} ${percent(value)}`);
        const result = outcome === 'diverged' ? 'not finite' : told.join(', ');
        const time =
          event.from === undefined ? `${duration(event.seconds)}${this.#left()}` : `taken over from ${event.from}`;
        this.#output.line(`${this.#prefix}: ${result}, ${time}`);
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

  #showTraining(event: Extract<EncoderTableEvent, { type: 'train' }>['event']): void {
    if (event.type === 'warning') this.#output.line(`${this.#prefix}: ${event.message}`);
    else if (event.type === 'threads') this.#output.line(`${this.#prefix}: ${threadsText(event.threads, event.most)}`);
    else if (event.type === 'step')
      this.#state(event.step / event.steps, `training, step ${event.step}/${event.steps}`);
  }

  /** `part`: of the evaluation, or of the training before it. */
  #state(part: number, text: string): void {
    this.#output.state(Math.round(1000 * (this.#number - 1 + part)), 1000 * this.#of, `${this.#prefix} | ${text}`);
  }

  /** By the mean so far: a row's first evaluation takes its training. */
  #left(): string {
    const left = this.#of - this.#number;
    const mean = (performance.now() - this.#begun) / 1000 / this.#number;
    return left === 0 ? '' : `; about ${duration(left * mean)} left`;
  }
}

function nameOf({ row, by, set, seed }: PlannedEvaluation): string {
  return `${row.id}, ${by} on ${set.name}, seed ${seed}`;
}
