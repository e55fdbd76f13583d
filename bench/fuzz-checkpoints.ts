/**
 * node dist/bench/fuzz-checkpoints.js [SECONDS [SEED]]: damaged checkpoints and random pickles through `byol import`'s readers, in a
 * process with little memory. Each may be read or refused with a ByolError; anything else, a crash, or ten seconds on one file is a
 * fault: the file is kept as fuzz-found.checkpoint.
 */
import { fork } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fuzzCase, seedFiles, tryCheckpoint } from './fuzz/checkpoint-cases.js';

const LONGEST_MS = 10_000;
/** Of JavaScript's objects; a checkpoint of some kilobytes needs next to nothing. */
const MEGABYTES = 1024;
/** The reports of the child, and the time between two. */
const REPORT_EVERY = 200;

const root = fileURLToPath(new URL('../..', import.meta.url));
const [secondsText = '60', seedText = String(Math.floor(Date.now() / 86_400_000))] = process.argv.slice(2);

interface Report {
  readonly cases: number;
  readonly read: number;
}

async function child(folder: string): Promise<void> {
  const seeds = seedFiles(join(root, 'test/import/fixtures'));
  const end = Date.now() + 1000 * Number(secondsText);
  const report = { cases: 0, read: 0 };
  const tell = (): void => void process.send?.(report satisfies Report);
  for (; Date.now() < end; report.cases += 1) {
    const branch = report.cases % 3 === 0 ? 'target' : undefined;
    const bytes = fuzzCase(seeds, Number(seedText), report.cases);
    const started = Date.now();
    if ((await tryCheckpoint(join(folder, 'case'), bytes, branch)) === 'read') report.read += 1;
    if (Date.now() - started > LONGEST_MS) throw new Error(`case ${report.cases} took ${Date.now() - started} ms`);
    if (report.cases % REPORT_EVERY === 0) tell();
  }
  tell();
  process.disconnect();
}

function parent(): void {
  const folder = mkdtempSync(join(tmpdir(), 'byol-fuzz-'));
  console.log(`${secondsText} seconds with seed ${seedText}`);
  const worker = fork(fileURLToPath(import.meta.url), [secondsText, seedText, folder], {
    execArgv: [`--max-old-space-size=${MEGABYTES}`],
  });
  let last: Report = { cases: 0, read: 0 };
  // Reports come far more often; a file that is never done with sends none.
  const hang = (): NodeJS.Timeout => setTimeout(() => worker.kill('SIGKILL'), 60_000 + REPORT_EVERY * 50);
  let watch = hang();
  worker.on('message', (report) => {
    last = report as Report;
    clearTimeout(watch);
    watch = hang();
  });
  worker.on('exit', (code, signal) => {
    clearTimeout(watch);
    console.log(`${last.cases} files, of which ${last.read} could still be read`);
    if (code !== 0) {
      copyFileSync(join(folder, 'case'), 'fuzz-found.checkpoint');
      console.log(`FAULT (${signal ?? `exit code ${code}`}) after case ${last.cases}: kept as fuzz-found.checkpoint`);
      process.exitCode = 1;
    }
    rmSync(folder, { recursive: true, force: true });
  });
}

const [, , folder] = process.argv.slice(2);
if (folder === undefined) parent();
else await child(folder);
