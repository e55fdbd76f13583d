/** What other work on the machine left to the threads that compute, over some time. */
export interface CoreReading {
  /** Milliseconds since the reading before. */
  readonly elapsed: number;
  /** Threads that were ready to run and had no core, on average: 0 on a quiet machine, 1 if one of them never ran. */
  readonly waiting: number;
  /** Cores that this process may use and that nobody used, on average. */
  readonly idle: number;
}

/** A waiting thread holds up all others at the end of every operation, so already a part of one counts. */
const WAITING = 0.2;
/** Not at every flicker: so long, in milliseconds, threads must have waited. */
const SHORTAGE = 400;
/** So much of a core must be idle to be counted on. */
const IDLE = 0.7;
/** Milliseconds for which cores must have been idle: at first, and at most after attempts that failed. */
const PATIENCE = 1000;
const MOST_PATIENCE = 60_000;
/** An attempt has failed if threads waited again within this time; one that lasted longer than that restores the patience. */
const TRIAL = 5000;
const SUCCESS = 30_000;

/**
 * How many threads to compute with beside other work: fewer while threads wait for a core, more once cores are idle. Pure:
 * readings in, a number out. With n threads on as many cores and k busy processes, k threads share their cores, about half
 * of each; so twice the number that waits is taken away, but at most half of the threads at once: where everybody waits for
 * everybody, less will do.
 */
export class ThreadPolicy {
  readonly #most: number;
  #threads: number;
  #shortage = 0;
  #idle = { time: 0, least: Number.POSITIVE_INFINITY };
  #patience = PATIENCE;
  /** Milliseconds since the number was raised; null: it was lowered since, or never raised. */
  #raised: number | null = null;

  /** `most`: the threads that a quiet machine is used with, 1 or more; what it begins with. */
  constructor(most: number) {
    this.#most = most;
    this.#threads = most;
  }

  get threads(): number {
    return this.#threads;
  }

  /** The number of threads from now on, 1 to `most`. */
  next({ elapsed, waiting, idle }: CoreReading): number {
    if (this.#raised !== null) this.#raised += elapsed;
    if (this.#raised !== null && this.#raised > SUCCESS) this.#patience = PATIENCE;
    this.#shortage = waiting >= WAITING ? this.#shortage + elapsed : 0;
    const free = idle >= IDLE && waiting < WAITING;
    this.#idle = free
      ? { time: this.#idle.time + elapsed, least: Math.min(this.#idle.least, idle) }
      : { time: 0, least: Number.POSITIVE_INFINITY };
    if (this.#threads > 1 && this.#shortage >= SHORTAGE) {
      const failed = this.#raised !== null && this.#raised < TRIAL;
      if (failed) this.#patience = Math.min(2 * this.#patience, MOST_PATIENCE);
      this.#raised = null;
      const fewer = Math.min(this.#threads - 1, this.#threads - Math.ceil(2 * waiting));
      this.#set(Math.max(fewer, Math.ceil(this.#threads / 2), 1));
    } else if (this.#threads < this.#most && this.#idle.time >= this.#patience) {
      this.#set(Math.min(this.#threads + Math.floor(this.#idle.least + 1 - IDLE), this.#most));
      this.#raised = 0;
    }
    return this.#threads;
  }

  #set(threads: number): void {
    this.#threads = threads;
    this.#shortage = 0;
    this.#idle = { time: 0, least: Number.POSITIVE_INFINITY };
  }
}
