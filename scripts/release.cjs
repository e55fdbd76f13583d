'use strict';
// node scripts/release.cjs check TAG       the tag is the version, and the changelog tells of it
// node scripts/release.cjs publish TAG     and all packages in prebuilds/ go to npm, those of the platforms first [--dry-run]
// A version is published whole or not at all: each platform's package has to be there before the first one is sent. A package that
// the registry has already is left as it is, so that a release that broke off goes on.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Failure, run } = require('./failure.cjs');
const { npmWords } = require('./npm-pack.cjs');
const { packageName } = require('./platform-package.cjs');
const { platforms } = require('./versions.cjs');

const root = path.resolve(__dirname, '..');
const refuse = (message) => {
  throw new Failure('ERR_BYOL_USAGE', message);
};

function check(tag) {
  const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  const { version, repository } = manifest;
  if (tag !== `v${version}`)
    refuse(`The tag is ${tag}, package.json says ${version}: they have to be the same, v${version}.`);
  const changelog = fs.readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8');
  if (!changelog.includes(`\n## [${version}]`)) refuse(`CHANGELOG.md has no section [${version}].`);
  // npm compares it with the repository that the build came from.
  if (repository === undefined) refuse('package.json names no repository, without which npm takes no provenance.');
  console.log(`release: ${tag} is version ${version}`);
  return version;
}

/** The packed files of the version by the name of their package, in the order in which they are published. */
function packedPackages(version) {
  const names = [...platforms.map(packageName), 'byol-torch'];
  const packages = names.map((name) => {
    const file = path.join(root, 'prebuilds', `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
    return { name, file };
  });
  const missing = packages.filter(({ file }) => !fs.existsSync(file));
  if (missing.length > 0) refuse(`Not all packages are there: ${missing.map(({ file }) => file).join(', ')}.`);
  return packages;
}

function npm(args, options) {
  const [command, ...words] = npmWords();
  return spawnSync(command, [...words, ...args], { cwd: root, encoding: 'utf8', ...options });
}

function publish(tag, isDry) {
  const version = check(tag);
  for (const { name, file } of packedPackages(version)) {
    const known = npm(['view', `${name}@${version}`, 'version']);
    if (known.status === 0 && known.stdout.trim() === version) {
      console.log(`release: ${name} ${version} is published already`);
      continue;
    }
    const args = ['publish', file, '--access', 'public', ...(isDry ? ['--dry-run'] : ['--provenance'])];
    const { status } = npm(args, { stdio: 'inherit' });
    if (status !== 0)
      throw new Failure('ERR_BYOL_BUILD', `npm publish failed for ${name}; the same command goes on from there.`);
  }
}

run(() => {
  const [what, tag, ...rest] = process.argv.slice(2);
  if (tag === undefined) refuse('Give what to do and the tag: node scripts/release.cjs check v1.2.3');
  if (what === 'check') check(tag);
  else if (what === 'publish') publish(tag, rest.includes('--dry-run'));
  else refuse(`There are check and publish, not ${what}.`);
});
