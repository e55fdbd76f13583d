import type { Config } from '../../config/schema.js';
import { isRegisteredKind } from '../../data/kinds/index.js';
import { isRegisteredProtocol } from '../../eval/protocols/index.js';
import { EventQueue } from '../event-queue.js';
import type { RunResult, TrainEvent } from '../events.js';
import type { Run } from '../train.js';
import { Child } from './child.js';

/** Whether another process can train this: kinds of data and protocols are registered for one process. */
export function isOfThisPackage({ data, evaluation }: Config): boolean {
  return !isRegisteredKind(data) && !Object.keys(evaluation).some(isRegisteredProtocol);
}

/**
 * As train() with `resume: true`, in a process of its own, so that several go on at once: the number of threads is a process's. The
 * run is stopped and saved if this process ends, in whatever way. Rejects as train() does, and with ERR_BYOL_PROCESS if its process
 * is killed.
 *
 * @param config one that isOfThisPackage().
 */
export function trainInChild(config: Config, { folder }: { readonly folder: string }): Run {
  const events = new EventQueue<TrainEvent>((newer, older) => newer.type === 'step' && older.type === 'step');
  const child = new Child({ type: 'train', config, folder, argv: process.argv }, (answer) => {
    if (answer.type === 'event') events.push(answer.event);
  });
  const result = child.result.then(
    (answer): RunResult => {
      events.end();
      if (answer.type !== 'trained') throw new TypeError(`A training was answered by '${answer.type}'.`);
      return answer.result;
    },
    (error: unknown) => {
      events.end({ reason: error });
      throw error;
    },
  );
  result.catch(() => {});
  return {
    result,
    stop: () => child.stop(),
    [Symbol.asyncIterator]: () => ({
      next: () => events.next(),
      return: async () => {
        child.stop();
        await result.catch(() => {});
        return { done: true, value: undefined };
      },
    }),
  };
}
