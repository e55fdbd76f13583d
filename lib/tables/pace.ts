/** How fast runs are made, several at once or not: seconds from one end to the next, by the clock. */
export class Pace {
  #begunAt = 0;
  #seconds = 0;
  #runs = 0;
  #since = 0;

  /** Runs begin. */
  begin(): void {
    this.#seconds += this.#runs === 0 ? 0 : this.#since - this.#begunAt;
    this.#begunAt = performance.now() / 1000;
    this.#since = this.#begunAt;
  }

  /** One has ended. */
  add(): void {
    this.#runs += 1;
    this.#since = performance.now() / 1000;
  }

  /** null: none has ended. */
  get secondsPerRun(): number | null {
    return this.#runs === 0 ? null : (this.#seconds + this.#since - this.#begunAt) / this.#runs;
  }
}
