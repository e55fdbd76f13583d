import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { ByolError } from '../errors.js';

/** Seconds of a step, and those of it without the making of its views. */
export interface StepSeconds {
  readonly seconds: number;
  readonly network: number;
}

/** Of standard error, to say why a process ended. */
const KEPT_ERROR = 4000;

/**
 * A process that does steps: it takes a specification, says what it is, then answers each command with a line of JSON. What differs
 * between two of them is so never in the same process, and one that runs out of memory ends alone.
 */
export class Side {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  #error = '';
  #failed: Error | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** It says what it is before any command; those of earlier versions do not. */
  readonly introducesItself: boolean;

  constructor(command: string, args: readonly string[], spec: object, introducesItself = true) {
    this.introducesItself = introducesItself;
    this.#child = spawn(command, args);
    this.#child.on('error', (error) => {
      this.#failed = error;
    });
    this.#child.stderr.on('data', (text: Buffer) => {
      this.#error = `${this.#error}${text.toString()}`.slice(-KEPT_ERROR);
    });
    // Writing to one that has ended: the next line says so.
    this.#child.stdin.on('error', () => {});
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
    this.#child.stdin.write(`${JSON.stringify(spec)}\n`);
  }

  /** The next answer. Throws ERR_BYOL_BENCH with the last thing the process said where it ended. */
  async line(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (!done) return JSON.parse(value as string);
    const said = this.#failed?.message ?? this.#error.trim().split('\n').at(-1) ?? '';
    throw new ByolError('ERR_BYOL_BENCH', said === '' ? 'Its process ended without a word.' : said);
  }

  async ask(command: string): Promise<unknown> {
    this.#child.stdin.write(`${command}\n`);
    return this.line();
  }

  /** Does so many steps. */
  async run(steps: number): Promise<StepSeconds[]> {
    const times = (await this.ask(`run ${steps}`)) as (number | [number, number])[];
    // Earlier versions' own programs tell seconds without augmentation.
    return times.map((time) =>
      typeof time === 'number' ? { seconds: time, network: time } : { seconds: time[0], network: time[1] },
    );
  }

  /** Ends it after so many seconds, whatever it is doing then. */
  endAfter(seconds: number): void {
    this.#timer = setTimeout(() => {
      this.#failed = new Error(`given up after ${seconds} s`);
      this.#child.kill('SIGKILL');
    }, 1000 * seconds);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#reader.close();
    this.#child.kill();
  }
}
