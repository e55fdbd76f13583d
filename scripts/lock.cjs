'use strict';
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Failure } = require('./failure.cjs');

/** Milliseconds in which a process does what takes it microseconds. */
const patience = 5000;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Runs `body` while holding a lock file; waits for a living holder, takes over from a dead one. */
async function withLock(file, waiting, body, say = console.log) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const mine = `${os.hostname()} ${process.pid} ${birthOf(process.pid)}`;
  for (let told = false; !acquire(file, mine); told = true) {
    if (!told) say(`${waiting} (${file})`);
    await pause(500);
  }
  try {
    return await body();
  } finally {
    if (read(file) === mine) fs.rmSync(file);
  }
}

function acquire(file, mine) {
  return create(file, mine) || (!holderLives(file) && removeDead(file) && create(file, mine));
}

/** false: there is one already. */
function create(file, mine) {
  try {
    fs.writeFileSync(file, mine, { flag: 'wx' });
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  // Whoever stopped for long between creating and writing it has been taken for dead meanwhile.
  return read(file) === mine;
}

/**
 * Several may find the holder dead at once, and one of them may be slow: a lock is looked at again and removed by one at a
 * time, so that nobody removes the lock that another has made since. false: not now.
 */
function removeDead(file) {
  const guard = `${file}.removing`;
  try {
    fs.mkdirSync(guard);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    // Held for a moment only: whoever made it was killed.
    if (age(guard) > patience) fs.rmSync(guard, { recursive: true, force: true });
    return false;
  }
  try {
    if (holderLives(file)) return false;
    fs.rmSync(file, { force: true });
    return true;
  } finally {
    fs.rmSync(guard, { recursive: true, force: true });
  }
}

function holderLives(file) {
  const entry = fs.lstatSync(file, { throwIfNoEntry: false });
  if (entry !== undefined && !entry.isFile()) {
    throw new Failure('ERR_BYOL_SETUP', `${file} should be a lock file, but is something else. Delete it.`);
  }
  const text = read(file);
  if (text === undefined) return true; // just released: the next attempt finds it free
  const [host, pid, birth] = text.split(' ');
  // Made, but not yet written: its holder needs a moment.
  if (pid === undefined) return age(file) < patience;
  // Another machine's processes cannot be asked: its lock is believed.
  if (host !== os.hostname()) return true;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (error.code === 'ESRCH') return false;
  }
  return birthOf(pid) === birth;
}

const age = (path) => Date.now() - (fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());

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
    throw new Failure('ERR_BYOL_SETUP', `Cannot read the lock ${file}: ${error.message}.`);
  }
}

module.exports = { withLock };
