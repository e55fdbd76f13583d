'use strict';
const fs = require('node:fs');
const path = require('node:path');

/** Runs `body` while holding a lock file; waits for a living holder, takes over from a dead one. */
async function withLock(file, waiting, body) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  for (let told = false; ; told = true) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!holderLives(file)) {
      fs.rmSync(file, { force: true });
      continue;
    }
    if (!told) console.log(waiting);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  try {
    return await body();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

function holderLives(file) {
  try {
    const text = fs.readFileSync(file, 'utf8');
    // Just made, not yet written: give its holder the moment it needs.
    if (text === '') return Date.now() - fs.statSync(file).mtimeMs < 5000;
    process.kill(Number(text), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

module.exports = { withLock };
