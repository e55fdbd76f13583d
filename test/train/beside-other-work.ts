// Run in a process of its own, on two cores: trains while busy processes come and go, and prints what happened.
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { loadNative } from '../../lib/binding/load.js';
import { CoreShortage } from '../../lib/train/core-shortage.js';
import { useThreads } from '../../lib/train/threads.js';
import { makeImages, stepInput, wider } from '../binding/small.js';

const BUSY = 6;
const LIMIT = 120_000;
/** Milliseconds of an idle core after which all threads must be back, and for which it is waited for. */
const IDLE = 15_000;
const IDLE_LIMIT = 30_000;

const native = loadNative();
let now = 2;
const threads = useThreads(native, { threads: Number(process.argv[2]) }, (count) => {
  now = count;
});
const learner = new native.Learner(wider(16));
const step = stepInput(makeImages(native, 64, 16), 64, 16);
let training = true;
const steps = (async () => {
  while (training) await learner.step(step);
})();

/** Whether it came to be within the limit. */
async function until(condition: () => boolean, limit = LIMIT): Promise<boolean> {
  const start = performance.now();
  while (!condition() && performance.now() - start < limit) await setTimeout(100);
  return condition();
}

const busy: ChildProcess[] = [];
for (let i = 0; i < BUSY; i += 1) busy.push(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
const fewer = await until(() => now === 1, process.argv[2] === '0' ? LIMIT : 3000);
for (const process of busy) process.kill();

const shortage = CoreShortage.open();
let idle = 0;
let back = false;
for (const start = performance.now(); fewer && !back && idle < IDLE && performance.now() - start < IDLE_LIMIT; ) {
  await setTimeout(200);
  const reading = shortage?.read();
  if (reading !== undefined && reading.idle >= 0.8) idle += reading.elapsed;
  else idle = 0;
  back = now === 2;
}
training = false;
await steps;
threads.dispose();
console.log(JSON.stringify({ fewer, back, seenIdle: idle >= IDLE }));
