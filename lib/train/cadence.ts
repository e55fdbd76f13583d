/** Metrics are read back after so many steps and milliseconds: reading waits for the device. Slow steps can afford it sooner. */
const READ_EVERY_STEPS = 10;
const READ_EVERY_MS = 500;
const READ_AT_LATEST_MS = 2000;

/** When the learner's metrics are read. */
export class Cadence {
  #step: number;
  #time = performance.now();

  constructor(step: number) {
    this.#step = step;
  }

  readingDue(step: number): boolean {
    const elapsed = performance.now() - this.#time;
    return elapsed >= (step - this.#step >= READ_EVERY_STEPS ? READ_EVERY_MS : READ_AT_LATEST_MS);
  }

  /** Whether there are steps that no reading has been asked for. */
  unread(step: number): boolean {
    return step !== this.#step;
  }

  read(step: number): void {
    this.#step = step;
    this.#time = performance.now();
  }
}
