import type { OpenProgress } from '../data/data-kind.js';
import { metricWords } from '../metrics/words.js';
import type { EpochEvent, PhaseEvent, StepEvent, TrainEvent } from '../run/events.js';
import { count, duration, percent, threadsText } from '../text/format.js';
import type { VerdictState } from '../train/verdict.js';
import { executionText } from './execution-text.js';
import type { ProgressOutput } from './progress-output.js';
import { startText } from './start-text.js';

const PHASES: Readonly<Record<PhaseEvent['phase'], string>> = {
  untrained: 'measuring the untrained encoder',
  knn: 'measuring kNN',
  linear: 'training the linear classifier',
};

/** Shows a run's events as they come: sizes, a line per epoch, how far it is, and in words whether it learns. */
export class Progress {
  readonly #output: ProgressOutput;
  #step: StepEvent | undefined;
  #knn: number | undefined;
  #verdict: VerdictState | undefined;

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  show(event: TrainEvent): void {
    switch (event.type) {
      case 'reading':
        this.#output.state(event.done, event.total ?? event.done, readingText(event));
        break;
      case 'start':
        this.#output.line(startText(event));
        break;
      case 'untrained':
        if (event.knn !== null) this.#output.line(untrainedText(event.knn.top1, event.linear?.top1));
        this.#knn = event.knn?.top1;
        break;
      case 'phase':
        this.#showPhase(event);
        break;
      case 'step':
        this.#step = event;
        this.#output.state(event.step, event.steps, this.#stepText(event));
        break;
      case 'epoch':
        this.#showEpoch(event);
        break;
      case 'warning':
        this.#output.warn(`warning: ${event.message}`);
        break;
      case 'threads':
        this.#output.line(threadsText(event.threads, event.most));
        break;
      case 'execution':
        this.#output.line(executionText(event));
        break;
      case 'checkpoint':
      case 'end':
        break;
    }
  }

  /** Lines beside the events. */
  line(text: string): void {
    this.#output.line(text);
  }

  warn(text: string): void {
    this.#output.warn(text);
  }

  close(): void {
    this.#output.close();
  }

  #showPhase({ phase }: PhaseEvent): void {
    const text = `${PHASES[phase]} ...`;
    if (this.#step === undefined || phase === 'linear') this.#output.line(text);
    else this.#output.state(this.#step.step, this.#step.steps, text);
  }

  #showEpoch({ epoch, epochs, metrics, verdict }: EpochEvent): void {
    const top1 = metrics['knn/top1'];
    if (top1 !== undefined) this.#knn = top1;
    const number = String(epoch).padStart(String(epochs).length);
    const parts = [`epoch ${number}/${epochs}`, ...metricWords({ ...metrics }, 'epoch')];
    // Where there are labels, a verdict without them would only come and go.
    const judged = top1 !== undefined || this.#knn === undefined || verdict.state === 'collapsed';
    if (judged) parts.push(verdict.state);
    this.#output.line(parts.join('   '));
    // In full when it changes: once when learning begins to show, and at once if it is lost.
    if (judged && verdict.state !== this.#verdict) {
      this.#output.line(verdict.text);
      this.#verdict = verdict.state;
    }
  }

  #stepText({ step, steps, epoch, epochs, metrics, secondsLeft }: StepEvent): string {
    const parts = [
      `epoch ${epoch}/${epochs}, step ${step}/${steps}`,
      ...metricWords({ ...metrics }, 'step'),
      `${duration(secondsLeft)} left`,
    ];
    if (this.#knn !== undefined) parts.push(`kNN ${percent(this.#knn)}`);
    return parts.join(' | ');
  }
}

/** How far the finding of photos is. */
export function readingText({ phase, done, total }: OpenProgress): string {
  return total === null ? `${phase}: ${count(done)} files` : `reading ${phase}: ${count(done)} of ${count(total)}`;
}

function untrainedText(knn: number, linear: number | undefined): string {
  return `untrained encoder: kNN top-1 ${percent(knn)}${linear === undefined ? '' : `, linear top-1 ${percent(linear)}`}`;
}
