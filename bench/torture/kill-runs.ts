import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { metricDefinitions } from '../../lib/metrics/definitions.js';
import { Stream } from '../../lib/random/philox.js';
import { readMetrics } from '../../lib/run/metrics-file.js';
import { readResult } from '../../lib/run/run-folder.js';

const CLI = fileURLToPath(new URL('../../lib/cli/main.js', import.meta.url));

/** Every part of a run in a second or two: kNN in each epoch, a checkpoint after each, both evaluations at the end. */
const SETTINGS = {
  preset: 'shapes',
  device: 'cpu',
  precision: 'float32',
  threads: 1,
  data: { trainImages: 96, testImages: 40, size: 16 },
  views: { size: 16 },
  encoder: { blocks: [1, 1], width: 8 },
  projector: { hidden: [16], output: 8 },
  predictor: { hidden: [16], output: 8 },
  batchSize: 16,
  epochs: 5,
  evaluation: { knn: { k: 5, everyEpochs: 1 }, linear: { epochs: 2 }, batchSize: 40 },
  checkpoint: { everyEpochs: 1, everyMinutes: 0, keep: 2 },
};

/** Of a run: after so many kills it may finish. */
const MOST_KILLS = 4;

export interface TortureOptions {
  /** An existing, empty folder. */
  readonly folder: string;
  readonly kills: number;
  /** Of the random times. */
  readonly seed: number;
  readonly log?: (line: string) => void;
}

export interface TortureOutcome {
  readonly runs: number;
  /** How many kills found a run in which state, most first. */
  readonly where: ReadonlyArray<readonly [place: string, count: number]>;
}

/** Throws at the first run that is lost or ends differently; its folder then stays. */
export async function torture({ folder, kills, seed, log = () => {} }: TortureOptions): Promise<TortureOutcome> {
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify(SETTINGS));
  const whole = join(folder, 'undisturbed');
  const begun = performance.now();
  await finish(config, whole);
  const seconds = (performance.now() - begun) / 1000;
  const expected = await fingerprint(whole);
  log(
    `undisturbed: ${seconds.toFixed(1)} s, ${expected.epochs.length} epochs, encoder ${expected.encoder.slice(0, 12)}`,
  );

  const random = new Stream(seed, 0, 0);
  const where = new Map<string, number>();
  let [done, runs] = [0, 0];
  while (done < kills) {
    runs += 1;
    const run = join(folder, `run-${runs}`);
    const planned = Math.min(1 + Math.floor(random.uniform() * MOST_KILLS), kills - done);
    for (let kill = 0; kill < planned; kill += 1) {
      // A little longer than a run takes, so that its end is not spared.
      const place = await killAfter(random.uniform() * seconds * 1.1, config, run);
      if (place === null) break;
      where.set(place, (where.get(place) ?? 0) + 1);
      done += 1;
    }
    await finish(config, run);
    compare(await fingerprint(run), expected, run);
    rmSync(run, { recursive: true });
    log(`run ${runs}: ${done} of ${kills} kills`);
  }
  return { runs, where: [...where].sort(([, a], [, b]) => b - a) };
}

function start(config: string, run: string) {
  const args = [CLI, 'train', '--config', config, '--out', run, '--resume', '--quiet'];
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Starts the run, or goes on with it, and leaves it alone. */
async function finish(config: string, run: string): Promise<void> {
  const child = start(config, run);
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => {
    stderr += part.toString();
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`${run} does not go on (${signal ?? `exit code ${code}`}): ${stderr.trim()}`);
}

/** Where the run was when it was killed; null: it had ended by then. */
async function killAfter(seconds: number, config: string, run: string): Promise<string | null> {
  const child = start(config, run);
  child.stderr.resume();
  const closed = once(child, 'close');
  const ended = await Promise.race([closed, setTimeout(seconds * 1000)]);
  if (ended === undefined) child.kill('SIGKILL');
  const [code, signal] = await closed;
  if (signal === 'SIGKILL') return placeOf(run);
  if (code !== 0) throw new Error(`${run} does not go on: exit code ${code}`);
  return null;
}

function placeOf(run: string): string {
  if (!existsSync(run)) return 'before it had a folder';
  const names = readdirSync(run, { recursive: true }) as string[];
  if (names.some((name) => name.endsWith('.tmp'))) return 'while it wrote a file';
  const last = ['result.json', 'encoder.safetensors', 'metrics.jsonl', 'baseline.json', 'data.json', 'config.json'];
  const found = last.find((name) => names.includes(name));
  if (found === 'result.json') return 'when all was written';
  if (found === 'encoder.safetensors') return 'between encoder.safetensors and result.json';
  if (found !== 'metrics.jsonl') return found === undefined ? 'before config.json' : `after ${found}`;
  const saved = names.filter((name) => /step-\d+\.safetensors$/.test(name)).sort();
  const step = Number(/\d+/.exec(saved.at(-1) ?? '0')?.[0]);
  return `after step ${step} was saved`;
}

interface Fingerprint {
  readonly encoder: string;
  readonly epochs: readonly object[];
  readonly result: object;
}

/** Metrics that no two runs have alike: times, and what follows from them. */
const ofTheMachine: ReadonlySet<string> = new Set(
  Object.entries(metricDefinitions).flatMap(([name, { from }]) => (from === 'timing' ? name : [])),
);

/** All that a run says but for times. */
async function fingerprint(run: string): Promise<Fingerprint> {
  const records = await readMetrics(join(run, 'metrics.jsonl'));
  const epochs = records.flatMap((record) => {
    if (record.type !== 'epoch') return [];
    return [Object.fromEntries(Object.entries(record).filter(([name]) => !ofTheMachine.has(name)))];
  });
  const result = await readResult(run);
  if (result === null) throw new Error(`${run} has no result`);
  const { knn, linear, untrained, steps } = result;
  const encoder = createHash('sha256')
    .update(readFileSync(join(run, 'encoder.safetensors')))
    .digest('hex');
  return { encoder, epochs, result: { knn, linear, untrained, steps } };
}

function compare(found: Fingerprint, expected: Fingerprint, run: string): void {
  for (const key of ['encoder', 'epochs', 'result'] as const) {
    const [is, should] = [JSON.stringify(found[key]), JSON.stringify(expected[key])];
    if (is !== should) throw new Error(`${run} ends with another ${key}:\n  ${is}\n  instead of\n  ${should}`);
  }
}
