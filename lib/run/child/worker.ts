/** A process that carries out one request of the process that forked it, and ends. */
import { ByolError } from '../../errors.js';
import { openResources } from '../../train/resources.js';
import { tryRealSteps } from '../plan/trial.js';
import { train } from '../train.js';
import type { Answer, Failure, Request, Speed } from './messages.js';

/** More than are done while steps are measured. */
const EPOCHS = 1000;

const stopping = new AbortController();
let begin: () => void = () => {};

function tell(answer: Answer): void {
  // Nobody listens once the parent is gone.
  if (process.connected) process.send?.(answer, undefined, undefined, () => {});
}

async function trainRun({ config, folder, argv }: Extract<Request, { type: 'train' }>): Promise<Answer> {
  process.argv.splice(0, process.argv.length, ...argv);
  const run = train(config, { folder, resume: true });
  if (stopping.signal.aborted) run.stop();
  else stopping.signal.addEventListener('abort', () => run.stop(), { once: true });
  for await (const event of run) tell({ type: 'event', event });
  return { type: 'trained', result: await run.result };
}

async function measure({ config, seconds }: Extract<Request, { type: 'measure' }>): Promise<Answer> {
  const { signal } = stopping;
  // A run of a few steps would be over before anything is measured.
  const resources = await openResources({ ...config, epochs: Math.max(config.epochs, EPOCHS) }, { signal });
  try {
    const begun = new Promise<void>((resolve, reject) => {
      begin = resolve;
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    signal.throwIfAborted();
    tell({ type: 'ready' });
    await begun;
    const trial = await tryRealSteps(resources, seconds, signal, () => {});
    const speed: Speed = { imagesPerSecond: trial.images / trial.seconds, memory: trial.memory };
    return { type: 'measured', speed };
  } finally {
    resources.dispose();
  }
}

function failureOf(error: unknown): Failure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const known = error instanceof ByolError ? error : null;
  return {
    code: known?.code ?? null,
    message,
    ...(known?.hint !== undefined && { hint: known.hint }),
    ...(stack !== undefined && { stack }),
  };
}

async function answer(work: Promise<Answer>): Promise<void> {
  const last = await work.catch((error: unknown): Answer => ({ type: 'failed', failure: failureOf(error) }));
  // Only when it is told may the way to the parent close; with it the last thing that keeps this process.
  if (process.connected) process.send?.(last, undefined, undefined, () => process.connected && process.disconnect());
}

process.on('message', (request: Request) => {
  switch (request.type) {
    case 'train':
      void answer(trainRun(request));
      break;
    case 'measure':
      void answer(measure(request));
      break;
    case 'begin':
      begin();
      break;
    case 'stop':
      stopping.abort();
      break;
  }
});
// The parent is gone, whatever ended it: what was done so far is saved.
process.on('disconnect', () => stopping.abort());
if (!process.connected) stopping.abort();
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
// Announcements of batch systems, which would end a process that does not handle them.
if (process.platform !== 'win32') for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => {});
