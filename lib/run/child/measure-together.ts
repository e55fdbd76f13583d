import type { Config } from '../../config/schema.js';
import { Child } from './child.js';
import type { Speed } from './messages.js';

/**
 * How fast so many runs go on at once, each in a process of its own with `threads` threads: their images a second added up, and the
 * most memory that one took. They open their images first, and take their steps at the same time. Throws what train() throws before
 * its first step, ERR_BYOL_PROCESS, and the signal's reason.
 *
 * @param seconds that the steps are measured for, after the first one.
 */
export async function measureTogether(
  config: Config,
  { jobs, threads, seconds }: { readonly jobs: number; readonly threads: number; readonly seconds: number },
  signal: AbortSignal | undefined,
): Promise<Speed> {
  signal?.throwIfAborted();
  let ready = 0;
  const children = Array.from(
    { length: jobs },
    () =>
      new Child({ type: 'measure', config: { ...config, threads }, seconds }, () => {
        ready += 1;
        if (ready === jobs) for (const child of children) child.send({ type: 'begin' });
      }),
  );
  const stop = (): void => {
    for (const child of children) child.stop();
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    // One that fails would keep the others waiting for it.
    const speeds = await Promise.all(children.map((child) => child.result.then(speedOf)));
    return {
      imagesPerSecond: speeds.reduce((sum, { imagesPerSecond }) => sum + imagesPerSecond, 0),
      memory: Math.max(...speeds.map(({ memory }) => memory)),
    };
  } catch (error) {
    stop();
    await Promise.allSettled(children.map(({ result }) => result));
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function speedOf(answer: Awaited<Child['result']>): Speed {
  if (answer.type !== 'measured') throw new TypeError(`A measurement was answered by '${answer.type}'.`);
  return answer.speed;
}
