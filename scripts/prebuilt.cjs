'use strict';
// A prebuilt addon that is used in a checkout instead of building one, where it was made of the same native sources.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Failure } = require('./failure.cjs');
const { nativeFingerprint } = require('./fingerprint.cjs');

const platform = `${process.platform}-${process.arch}`;

/** Folders in which it may lie, in order: BYOL_PREBUILT (a folder, or a packed package), what npm installed. */
function candidates(root) {
  const { BYOL_PREBUILT: chosen } = process.env;
  if (chosen) return [{ from: `BYOL_PREBUILT (${chosen})`, place: chosen, isChosen: true }];
  const name = path.join('node_modules', '@byol-torch', platform);
  return [{ from: name, place: path.join(root, name), isChosen: false }];
}

/** Calls `use` with the folder that a path stands for: itself, or, of a packed package, one in which it is unpacked. */
function withFolder(place, use) {
  if (!/\.(?:tgz|tar\.gz)$/.test(place)) return use(place);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'byol-prebuilt-'));
  try {
    require('tar').extract({ file: place, cwd: scratch, sync: true }); // installed by npm before this runs
    return use(path.join(scratch, 'package'));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('ERR_BYOL_SETUP', `${place} cannot be used as a packed addon: ${error.message}.`);
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** Why the package in `folder` does not fit, as the end of a sentence; undefined: it does. */
function whyNot(root, folder) {
  if (!fs.existsSync(path.join(folder, 'byol.node'))) return 'there is no byol.node';
  let facts;
  try {
    facts = JSON.parse(fs.readFileSync(path.join(folder, 'byol-build.json'), 'utf8'));
  } catch {
    return 'its byol-build.json cannot be read';
  }
  return facts.sources === nativeFingerprint(root) ? undefined : 'it was made of other native sources';
}

/** Puts all files of the package that the loader asks for into `product`; byol-build.json, without which it counts for nothing, last. */
function copyAddon(folder, product) {
  const names = fs.readdirSync(folder).filter((name) => /\.(?:node|so)(?:\.\d+)*$/.test(name));
  fs.rmSync(path.join(product, 'byol-build.json'), { force: true });
  fs.mkdirSync(product, { recursive: true });
  for (const name of [...names, 'byol-build.json']) {
    // Renamed into place: a process that has the old one loaded keeps it.
    fs.copyFileSync(path.join(folder, name), path.join(product, `${name}.new`));
    fs.renameSync(path.join(product, `${name}.new`), path.join(product, name));
  }
}

/** Takes a prebuilt addon that fits into build/Release, and says so; false: there is none. */
function takePrebuilt(root) {
  for (const { from, place, isChosen } of candidates(root)) {
    if (!isChosen && !fs.existsSync(place)) continue;
    const problem = withFolder(place, (folder) => {
      const why = whyNot(root, folder);
      if (why === undefined) copyAddon(folder, path.join(root, 'build', 'Release'));
      return why;
    });
    console.log(problem === undefined ? `addon: prebuilt, from ${from}` : `addon: not from ${from}: ${problem}`);
    if (problem === undefined) return true;
  }
  return false;
}

/** Whether takePrebuilt() will find something to look at. */
const mayBePrebuilt = (root) => candidates(root).some(({ place }) => fs.existsSync(place));

module.exports = { mayBePrebuilt, takePrebuilt };
