import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ByolError, type ErrorCode, errorCodes } from '../../errors.js';
import type { Answer, Failure, Request } from './messages.js';

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url));

/** Of what a process said on its standard error, the end that is told. */
const TOLD = 2000;

/** A process of its own for one request. */
export class Child {
  readonly #process: ChildProcess;
  /** Resolves with the last answer, when the process has ended; rejects with what it failed by, or how it was ended. */
  readonly result: Promise<Answer>;

  /** `onAnswer`: told of all answers but the last. */
  constructor(request: Request, onAnswer: (answer: Answer) => void) {
    const child = fork(WORKER, {
      // Those of this process may be of its own program (--eval, --inspect).
      execArgv: [],
      // Numbers that are not finite, and undefined, as they are.
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A group of its own: a terminal's signals reach the parent alone, which says what they mean, also to one that only begins.
      detached: true,
    });
    this.#process = child;
    this.result = new Promise((resolve, reject) => {
      let last: Answer | null = null;
      let said = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-TOLD);
      });
      child.on('message', (answer: Answer) => {
        if (answer.type === 'event' || answer.type === 'ready') onAnswer(answer);
        else last = answer;
      });
      child.on('error', (error) => {
        reject(new ByolError('ERR_BYOL_PROCESS', `A process cannot be started: ${error.message}.`, { cause: error }));
      });
      child.on('close', (code, signal) => {
        if (last === null) reject(endedError(code, signal, said.trim()));
        else if (last.type === 'failed') reject(errorOf(last.failure));
        else resolve(last);
      });
    });
    // Whoever never asks for it learns of a failure elsewhere, or does not want to.
    this.result.catch(() => {});
    this.send(request);
  }

  send(request: Request): void {
    // What cannot be told any more, because the process has ended, its end tells.
    if (this.#process.connected) this.#process.send(request, () => {});
  }

  /** What it does is stopped, and saved if it is a training. */
  stop(): void {
    this.send({ type: 'stop' });
  }
}

function endedError(code: number | null, signal: NodeJS.Signals | null, said: string): ByolError {
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  const words = said === '' ? '' : ` It said: ${said}`;
  return new ByolError('ERR_BYOL_PROCESS', `Its process ended ${how} before it was done.${words}`, {
    ...(signal === 'SIGKILL' && {
      hint: 'If nobody ended it, the system did, as there was no memory left: fewer runs at once need less (--jobs 1).',
    }),
  });
}

function errorOf({ code, message, hint, stack }: Failure): Error {
  const known = errorCodes.find((one): one is ErrorCode => one === code);
  const error =
    known === undefined ? new Error(message) : new ByolError(known, message, hint === undefined ? {} : { hint });
  if (stack !== undefined) error.stack = stack;
  return error;
}
