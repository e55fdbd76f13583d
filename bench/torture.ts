/**
 * npm run torture -- [--kills N] [--seed S]
 *
 * Shows that no run is lost and none ends differently, whenever its process is killed. Tiny runs of `byol train` are killed
 * with SIGKILL after random times, spread over the whole of a run: start of the process, reading, the untrained network,
 * steps, evaluation, saving, the end. Each is started again by the same command, killed again some times, and then left to
 * finish. Every restart must succeed, and every finished run must have the encoder.safetensors, the losses and the accuracies
 * of a run that nothing disturbed, bit for bit. Only times may differ. The end says where the kills fell.
 *
 * --kills N: processes to kill, 200 if left out, about 2 s each. --seed S: of the random times, 0 if left out; printed. A run
 * that failed is kept, and its folder named.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { torture } from './torture/kill-runs.js';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '200' }, seed: { type: 'string', default: '0' } },
});
const [kills, seed] = [Number(values.kills), Number(values.seed)];
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed) || seed < 0) {
  console.error('error: --kills must be a whole number from 1, --seed one from 0.');
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'byol-torture-'));
try {
  const { runs, where } = await torture({ folder, kills, seed, log: (line) => console.log(line) });
  console.log(`${kills} kills, ${runs} runs: none lost, all with the same encoder, losses and accuracies.`);
  for (const [place, count] of where) console.log(`  ${String(count).padStart(4)}  ${place}`);
  rmSync(folder, { recursive: true });
} catch (error) {
  console.error(`FAILED (seed ${seed}): ${(error as Error).message}\nThe runs are kept in ${folder}`);
  process.exitCode = 1;
}
