import { count, duration } from './format.js';

/** Seconds over which a rate is taken: long enough for batches to even out, short enough to follow what changes. */
const WINDOW = 20;

/** How fast something goes lately, and how long the rest will take. */
export class Pace {
  readonly #now: () => number;
  #marks: Array<{ readonly time: number; readonly done: number }>;

  /** @param done what was done before; it says nothing of the pace. `now`: seconds. */
  constructor(done = 0, now: () => number = () => performance.now() / 1000) {
    this.#now = now;
    this.#marks = [{ time: now(), done }];
  }

  /** "12,800/50,000 images, 310/s, 2 min 00 s left". `what` is counted. */
  text(done: number, total: number, what: string): string {
    const time = this.#now();
    this.#marks.push({ time, done });
    // The newest mark that is old enough is the first of the window.
    while (this.#marks.length > 2 && time - (this.#marks[1]?.time ?? time) >= WINDOW) this.#marks.shift();
    const first = this.#marks[0] ?? { time, done };
    const rate = (done - first.done) / (time - first.time);
    const parts = [`${count(done)}/${count(total)} ${what}`];
    if (rate > 0 && Number.isFinite(rate)) {
      parts.push(`${rateText(rate)}/s`, `${duration((total - done) / rate)} left`);
    }
    return parts.join(', ');
  }
}

function rateText(rate: number): string {
  return rate >= 10 ? count(rate) : rate.toPrecision(2);
}
