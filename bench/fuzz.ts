/**
 * fuzz --seconds N [--seed S] [--repeat FILE --target NAME]
 *
 * Damaged bytes to what reads bytes of others in TypeScript: headers of image files, tar archives, lists, indices, Parquet, binaries
 * ("readers"); and whole image files on the path that training takes, with sharp's decoders ("photos"). Each group is a process of its
 * own: it may not die, hang, throw what is no refusal, or take more than a gigabyte. What did is kept as a file. scripts/fuzz.cjs runs
 * this beside the native decoders under sanitizers. Ends with a line of JSON for each group.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { keptInput } from './fuzz/input.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    repeat: { type: 'string' },
    target: { type: 'string' },
  },
});

/** An attempt that takes longer hangs. */
const HANG_SECONDS = 30;
const child = fileURLToPath(new URL('./fuzz/child.js', import.meta.url));

/** Resolves to what the group tells, or null once it has been told what is wrong. */
async function run(group: string, seconds: number): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), 'byol-fuzz-'));
  const again = values.repeat === undefined ? [] : [values.repeat, values.target ?? group];
  const heap = '--max-old-space-size=512';
  const process_ = fork(child, [group, String(seconds), values.seed, folder, ...again], {
    execArgv: [heap],
    silent: true,
  });
  let [output, errors, why] = ['', '', ''];
  process_.stdout?.on('data', (data: Buffer) => (output += data.toString()));
  process_.stderr?.on('data', (data: Buffer) => (errors = (errors + data.toString()).slice(-4000)));
  const hang = (): void => {
    why = `an input takes longer than ${HANG_SECONDS} seconds`;
    process_.kill('SIGKILL');
  };
  let timer = setTimeout(hang, HANG_SECONDS * 1000);
  process_.on('message', () => {
    clearTimeout(timer);
    timer = setTimeout(hang, HANG_SECONDS * 1000);
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    process_.on('close', (...end) => resolve(end)),
  );
  clearTimeout(timer);
  try {
    if (code === 0) return output.trim();
    why ||= signal === null ? `the process ended with ${code}` : `the process died of ${signal}`;
    const input = keptInput(join(folder, 'input'));
    const target = input?.target ?? group;
    const kept = `fuzz-found-${target.replaceAll(' ', '-')}`;
    if (input !== null) writeFileSync(kept, input.bytes);
    console.error(`${errors}FOUND in ${target}: ${why}. The input is in ${kept}.`);
    console.error(
      `Again: node dist/bench/fuzz.js --repeat ${kept} --target '${target}'; all of it: --seed ${values.seed}`,
    );
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const groups =
  values.repeat === undefined ? ['readers', 'photos'] : [values.target === 'photos' ? 'photos' : 'readers'];
for (const group of groups) {
  const told = await run(group, Number(values.seconds) / groups.length);
  if (told === null) process.exitCode = 1;
  else console.log(`${group}: ${told}`);
}
