/**
 * child GROUP SECONDS SEED FOLDER [FILE TARGET]: damaged bytes to the readers of a group, until it is over or something is wrong. Before
 * each attempt its bytes are in FOLDER/input, so that whoever watches has them when this process dies (see input.ts). Ends with a line of
 * JSON.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputKeeper } from './input.js';
import { Mutator } from './mutator.js';
import { photoTarget } from './photo-target.js';
import { readerTargets } from './reader-targets.js';
import { imageSeeds } from './seeds.js';
import type { FuzzTarget } from './targets.js';

/** Megabytes of the process; with LibTorch it has 200 before the first image. */
const MOST_MEGABYTES = 1024;

const [group, seconds = '0', seed = '0', folder = '.', file, only] = process.argv.slice(2);
const images = await imageSeeds();
const targets = group === 'photos' ? [photoTarget(folder, images)] : readerTargets(folder, images);
/** Milliseconds for one target before the next one has its turn, and between two words to whoever watches. */
const [TURN, TOLD_EVERY] = [50, 500];
let told = 0;
const keeper = new InputKeeper(join(folder, 'input'));
const random = new Mutator(Number(seed));
const outcomes: Record<string, Record<string, number>> = {};
let inputs = 0;

async function attempt(target: FuzzTarget, bytes: Uint8Array): Promise<void> {
  keeper.keep(target.name, bytes);
  if (performance.now() - told > TOLD_EVERY) {
    told = performance.now();
    process.send?.('begun');
  }
  const outcome = await target.attempt(bytes, random);
  const counts = outcomes[target.name] ?? {};
  outcomes[target.name] = counts;
  counts[outcome] = (counts[outcome] ?? 0) + 1;
  inputs += 1;
  const megabytes = process.memoryUsage.rss() / 2 ** 20;
  if (megabytes > MOST_MEGABYTES) throw new Error(`the process has ${megabytes.toFixed(0)} MB`);
}

if (file !== undefined) {
  const bytes = Uint8Array.from(readFileSync(file));
  for (const target of targets) if (target.name === only) await attempt(target, bytes);
} else {
  for (const target of targets) for (const bytes of target.seeds) await attempt(target, Uint8Array.from(bytes));
  const end = performance.now() + Number(seconds) * 1000;
  while (performance.now() < end) {
    for (const target of targets) {
      const turn = performance.now() + TURN;
      do await attempt(target, random.damaged(target.seeds));
      while (performance.now() < turn);
    }
  }
}
keeper.close();
const peak = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(`${JSON.stringify({ inputs, outcomes, peakMegabytes: peak })}\n`);
process.disconnect?.();
