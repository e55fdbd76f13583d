'use strict';
// What `byol setup` does, and any command that finds no LibTorch: takes an installed one of the right release, or fetches one, and
// remembers which.
const { Failure } = require('./failure.cjs');
const { fetchLibTorch } = require('./fetch-libtorch.cjs');
const { findLibTorch, inspect, minorOf, remember } = require('./libtorch.cjs');
const { fetchedTorch } = require('./versions.cjs');

/**
 * Makes sure that there is a LibTorch of the release of `torch` ("2.13.0", that which an addon was built for; without it, any that is
 * supported), and says to `output` which. With `device` the choice is made anew: 'cuda' takes a CUDA build only. Returns
 * {dir, version, flavour, from}.
 */
async function prepareLibTorch({ root, torch = fetchedTorch, device, output = process.stdout }) {
  const release = minorOf(torch);
  const accept = ({ version, flavour }) => {
    if (minorOf(version) !== release) return `it is ${version}, needed is ${release}`;
    return device === 'cuda' && flavour !== 'cuda' ? 'it is a CPU build' : undefined;
  };
  const { found, refused } = findLibTorch(root, accept, { anew: device !== undefined });
  const library = found ?? (await fetched(release, device, refused, output));
  output.write(`LibTorch: ${library.version} (${library.flavour}) from ${library.from}, ${library.dir}\n`);
  // What BYOL_LIBTORCH names counts while it is set.
  if (library.from !== 'BYOL_LIBTORCH') remember(library);
  return library;
}

async function fetched(release, device, refused, output) {
  if (process.env.BYOL_LIBTORCH) {
    throw new Failure('ERR_BYOL_LIBTORCH_NOT_FOUND', `BYOL_LIBTORCH is not a usable LibTorch: ${refused.join('; ')}.`);
  }
  if (release !== minorOf(fetchedTorch)) {
    throw new Failure(
      'ERR_BYOL_LIBTORCH_NOT_FOUND',
      `The addon is for LibTorch ${release}, and what can be fetched is ${fetchedTorch}. ` +
        `Install the other (pip install torch==${release}.*), or build the addon anew: npx byol build`,
    );
  }
  const dir = await fetchLibTorch({ flavour: device === 'cuda' ? 'cuda' : 'cpu', output });
  return { ...inspect(dir), from: 'the cache' };
}

module.exports = { prepareLibTorch };
