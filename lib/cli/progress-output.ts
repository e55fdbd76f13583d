import { MultiBar, type SingleBar } from 'cli-progress';

/** Where a run's progress goes: lines that stay, and a state of which only the newest counts. */
export interface ProgressOutput {
  /** A line that stays. */
  line(text: string): void;
  /** A line that people want to see whatever else they do not. */
  warn(text: string): void;
  /** How far the run is: `done` of `total` optimiser steps. */
  state(done: number, total: number, text: string): void;
  /** Restores the terminal. Must be called, also before a process leaves at once. */
  close(): void;
}

/** Seconds between two lines of a state that nobody watches as it changes. */
const STATE_EVERY = 30;

/** For files and pipes: only lines, and the state now and then. */
export class LineOutput implements ProgressOutput {
  readonly #write: (text: string) => void;
  readonly #now: () => number;
  #stateAt: number;

  /** `now`: seconds. */
  constructor(write: (text: string) => void, now: () => number = () => performance.now() / 1000) {
    this.#write = write;
    this.#now = now;
    this.#stateAt = now();
  }

  line(text: string): void {
    this.#write(`${text}\n`);
    this.#stateAt = this.#now();
  }

  warn(text: string): void {
    this.line(text);
  }

  state(_done: number, _total: number, text: string): void {
    if (this.#now() - this.#stateAt >= STATE_EVERY) this.line(text);
  }

  close(): void {}
}

/** For a terminal: a bar below the lines. */
export class BarOutput implements ProgressOutput {
  readonly #stream: NodeJS.WriteStream;
  #bars: MultiBar | undefined;
  #bar: SingleBar | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  line(text: string): void {
    if (this.#bars === undefined) this.#stream.write(`${text}\n`);
    else this.#bars.log(`${text}\n`);
  }

  warn(text: string): void {
    this.line(text);
  }

  state(done: number, total: number, text: string): void {
    if (this.#bar === undefined) {
      this.#bars = new MultiBar({
        stream: this.#stream,
        format: '{bar} {percentage} %  {text}',
        barsize: 24,
        barCompleteChar: '█',
        barIncompleteChar: '░',
        fps: 5,
        clearOnComplete: true,
        // What the signals mean is decided elsewhere.
        gracefulExit: false,
      });
      this.#bar = this.#bars.create(total, done, { text });
    }
    this.#bar.setTotal(total);
    this.#bar.update(done, { text });
  }

  close(): void {
    // What was logged and not drawn yet would be lost.
    this.#bars?.update();
    this.#bars?.stop();
    this.#bars = undefined;
    this.#bar = undefined;
  }
}

export function progressOutput(stream: NodeJS.WriteStream, quiet: boolean): ProgressOutput {
  const write = (text: string): void => void stream.write(text);
  if (quiet) return { line: () => {}, warn: (text) => write(`${text}\n`), state: () => {}, close: () => {} };
  return isMovable(stream) ? new BarOutput(stream) : new LineOutput(write);
}

/** A terminal that can move its cursor and belongs to somebody who watches: none of TERM=dumb, CI and NO_COLOR says otherwise. */
function isMovable(stream: NodeJS.WriteStream, { TERM, CI, NO_COLOR }: NodeJS.ProcessEnv = process.env): boolean {
  const isCi = CI !== undefined && !['', '0', 'false'].includes(CI.toLowerCase());
  return stream.isTTY === true && TERM !== 'dumb' && !isCi && !NO_COLOR;
}
