'use strict';
// node first-step.cjs FOLDER COMMAND...: runs a command that trains into FOLDER, says after how many seconds the first step is
// recorded, and stops it then. Fails where that takes longer than BYOL_FIRST_STEP_SECONDS (20), or where the command ends before.
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const limit = Number(process.env.BYOL_FIRST_STEP_SECONDS ?? 20);
const [folder, command, ...args] = process.argv.slice(2);
const metrics = path.join(folder, 'metrics.jsonl');

const start = process.hrtime.bigint();
const seconds = () => Number(process.hrtime.bigint() - start) / 1e9;
// A group of its own: npx, its shell and byol are told to stop as by Ctrl-C.
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });

let recorded = false;
const watch = setInterval(() => {
  const text = fs.existsSync(metrics) ? fs.readFileSync(metrics, 'utf8') : '';
  if (!text.includes('"type":"step"')) return;
  recorded = true;
  clearInterval(watch);
  const taken = seconds();
  console.log(`first step recorded after ${taken.toFixed(1)} s (at most ${limit} s)`);
  if (taken > limit) process.exitCode = 1;
  process.kill(-child.pid, 'SIGINT');
}, 50);

child.on('error', (error) => {
  clearInterval(watch);
  console.error(`error: ${command} cannot be run: ${error.message}`);
  process.exitCode = 1;
});
child.on('close', (status) => {
  clearInterval(watch);
  if (recorded) return;
  console.error(`error: the command ended with ${status} after ${seconds().toFixed(1)} s, before its first step`);
  process.exitCode = 1;
});
