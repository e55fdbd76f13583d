'use strict';
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Runs `body` while holding a lock file; waits for a living holder, takes over from a dead one. */
async function withLock(file, waiting, body) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const mine = `${os.hostname()} ${process.pid} ${birthOf(process.pid)}`;
  for (let told = false; !(await acquire(file, mine)); told = true) {
    if (!told) console.log(`${waiting} (${file})`);
    await pause(500);
  }
  try {
    return await body();
  } finally {
    if (read(file) === mine) fs.rmSync(file);
  }
}

async function acquire(file, mine) {
  try {
    fs.writeFileSync(file, mine, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  if (holderLives(file)) return false;
  // Several may find it dead at once. Each puts its own name over it, and the last to do so has it.
  const named = `${file}.${process.pid}`;
  fs.writeFileSync(named, mine);
  fs.renameSync(named, file);
  await pause(200);
  return read(file) === mine;
}

function holderLives(file) {
  const text = read(file);
  if (text === undefined) return true; // just released: the next attempt finds it free
  const [host, pid, birth] = text.split(' ');
  // Made, but not yet written: its holder needs a moment.
  if (pid === undefined) return Date.now() - (fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 5000;
  // Another machine's processes cannot be asked: its lock is believed.
  if (host !== os.hostname()) return true;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (error.code === 'ESRCH') return false;
  }
  return birthOf(pid) === birth;
}

// Process numbers are reused, above all in containers; a start time with them is not. '-' where no /proc tells.
function birthOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-';
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined;
    throw error;
  }
}

module.exports = { withLock };
