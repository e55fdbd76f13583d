'use strict';
// npm run pack:all makes this platform's package (prebuild.cjs) and then, here, the main one, prebuilds/byol-torch-VERSION.tgz.
// What is packed differs from the checkout in package.json: the platform packages are optional dependencies of the published
// package alone. In the checkout they would be asked for by every npm ci, also of a version that is not published yet.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Failure, run } = require('./failure.cjs');
const { npmPack, packedFiles } = require('./npm-pack.cjs');
const { packageName } = require('./platform-package.cjs');
const { compileTypeScript } = require('./typescript.cjs');
const { platforms } = require('./versions.cjs');

const root = path.resolve(__dirname, '..');
/** Bytes of the packed main package. */
const mostPacked = 1e6;

/** package.json as it is published: without what only a checkout can do. */
function publishedManifest({ scripts: _, devDependencies: __, ...manifest }) {
  const native = Object.fromEntries(platforms.map((platform) => [packageName(platform), manifest.version]));
  return { ...manifest, optionalDependencies: { ...manifest.optionalDependencies, ...native } };
}

/** The declarations that the package's own one leads to; no other can be imported from outside. */
function reachableDeclarations(root, entry) {
  const reached = new Set();
  const visit = (name) => {
    if (reached.has(name)) return;
    reached.add(name);
    const text = fs.readFileSync(path.join(root, name), 'utf8');
    for (const [, imported] of text.matchAll(/(?:from|import\() ?["'](\.[^"']+)\.js["']/g)) {
      visit(path.posix.join(path.posix.dirname(name), `${imported}.d.ts`));
    }
  };
  visit(path.posix.normalize(entry));
  return reached;
}

function packMain() {
  compileTypeScript(root);
  const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  const declarations = reachableDeclarations(root, manifest.types);
  const names = packedFiles(root).filter((name) => !name.endsWith('.d.ts') || declarations.has(name));
  const stage = fs.mkdtempSync(path.join(os.tmpdir(), 'byol-pack-'));
  try {
    for (const name of names) fs.cpSync(path.join(root, name), path.join(stage, name));
    fs.writeFileSync(path.join(stage, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
    const { file, size } = npmPack(stage, path.join(root, 'prebuilds'));
    console.log(`pack: ${path.relative(root, file)}, ${(size / 1e6).toFixed(2)} MB, ${names.length} files`);
    if (size > mostPacked) throw new Failure('ERR_BYOL_BUILD', `${file} has ${size} bytes, more than ${mostPacked}.`);
  } finally {
    fs.rmSync(stage, { recursive: true, force: true });
  }
}

module.exports = { publishedManifest, reachableDeclarations };

if (require.main === module) run(packMain);
