'use strict';
// npm run prebuild [-- --floor manylinux_2_28 --device cuda]: builds the addon, with --device cuda its part for cards too, and packs
// it for those who have no compiler, as prebuilds/byol-torch-PLATFORM-VERSION.tgz. What the package needs of a system is read from
// it, recorded in it, and, with --floor, refused where it is more than stated. Built on an old system (the manylinux images) it runs
// on many.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { aboveFloor, foreignLibraries, highestFloor, needsOf } = require('./binary-needs.cjs');
const { buildNative } = require('./build-native.cjs');
const { Failure, run } = require('./failure.cjs');
const { npmPack } = require('./npm-pack.cjs');
const { jpegNotice, manifest, readme } = require('./platform-package.cjs');
const { prepareLibTorch } = require('./prepare-libtorch.cjs');
const { floors, platforms } = require('./versions.cjs');

const root = path.resolve(__dirname, '..');
const platform = `${process.platform}-${process.arch}`;
const folder = path.join(root, 'prebuilds', platform);
/** Bytes of a packed platform package. */
const mostPacked = 5e6;

const refuse = (message) => {
  throw new Failure('ERR_BYOL_BUILD', message);
};

/** The value of an option that takes one of `choices`, or undefined. */
function option(args, name, choices) {
  const at = args.indexOf(name);
  if (at < 0) return undefined;
  if (choices.includes(args[at + 1])) return args[at + 1];
  throw new Failure('ERR_BYOL_USAGE', `${name} takes one of ${choices.join(', ')}, not ${args[at + 1] ?? 'nothing'}.`);
}

/** One package serves every processor of its architecture: what is faster on some is chosen at run time, in *.isa.cpp. */
function requireGenericCode(tree) {
  const commands = JSON.parse(fs.readFileSync(path.join(tree, 'compile_commands.json'), 'utf8'));
  const tied = commands.find(
    ({ command, file }) => / -m(?:arch|cpu|tune)=| -mavx/.test(command) && !/\.isa\.cpp$/.test(file),
  );
  if (tied !== undefined) {
    refuse(`${tied.file} is compiled for this machine's processor (CXXFLAGS is ${process.env.CXXFLAGS ?? 'not set'}).`);
  }
}

/** The addon without debugging symbols and without the folders of this machine, copied out of CMake's tree. */
function installAddon(tree) {
  fs.rmSync(folder, { recursive: true, force: true });
  const args = ['--install', tree, '--config', 'Release', '--component', 'addon', '--prefix', folder, '--strip'];
  const child = spawnSync('cmake', args, { encoding: 'utf8' });
  if (child.status !== 0) refuse(`cmake --install failed: ${child.stderr?.trim() ?? child.error}`);
}

/** Copies what the addon was linked against and no system need have: libjpeg. */
function bundle(binary) {
  const foreign = foreignLibraries(needsOf(binary).libraries);
  for (const name of foreign) {
    if (!/^libjpeg\.so\.\d+$/.test(name)) refuse(`${binary} needs ${name}, which no package of ours brings.`);
    const line = spawnSync('ldd', [binary], { encoding: 'utf8' })
      .stdout.split('\n')
      .find((text) => text.includes(`${name} =>`));
    const from = /=> (\/\S+)/.exec(line ?? '')?.[1];
    if (from === undefined) refuse(`${name} is not found on this system.`);
    fs.copyFileSync(from, path.join(folder, name)); // the file, not the link
  }
  return foreign;
}

/** What the package's libraries need of a system; throws where one looks for others in a folder of this machine. */
function floorOf(files) {
  const needs = files.map((file) => ({ file, ...needsOf(path.join(folder, file)) }));
  for (const { file, searched } of needs) {
    const bound = searched.find((place) => !/^\$ORIGIN/.test(place));
    if (bound !== undefined) refuse(`${file} looks for its libraries in ${bound}, which other machines do not have.`);
  }
  return highestFloor(needs.map(({ floor }) => floor));
}

async function prebuild(args) {
  const stated = option(args, '--floor', Object.keys(floors));
  const device = option(args, '--device', ['cpu', 'cuda']);
  if (!platforms.includes(platform)) {
    throw new Failure('ERR_BYOL_USAGE', `There is no package for ${platform}, only for ${platforms.join(', ')}.`);
  }
  // The addon is the same with either; its part for cards is compiled with the headers of a CUDA build.
  if (device !== undefined) process.env.BYOL_LIBTORCH = (await prepareLibTorch({ root, device })).dir;
  const { tree, facts } = await buildNative();
  if (device === 'cuda' && !facts.cuda)
    refuse('The addon was built without its part for cards, though --device cuda was given.');
  requireGenericCode(tree);
  installAddon(tree);
  const bundled = bundle(path.join(folder, 'byol.node'));
  if (bundled.length === 0)
    refuse('The addon was built without libjpeg: install its headers (libjpeg-dev, libjpeg-turbo-devel).');
  const binaries = ['byol.node', ...(facts.cuda ? ['byol_cuda.so'] : [])];
  const floor = floorOf([...binaries, ...bundled]);
  if (stated !== undefined) {
    const above = aboveFloor(floor, stated);
    if (above.length > 0)
      refuse(`The addon needs more than ${stated} has: ${above.join(', ')}. Build it on an older system.`);
  }
  const { libtorch: _, ...portable } = facts; // a folder of this machine
  const write = (name, content) =>
    fs.writeFileSync(
      path.join(folder, name),
      typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`,
    );
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  write('byol-build.json', { ...portable, floor });
  write('package.json', manifest(platform, version, [...binaries, ...bundled]));
  write('README.md', readme(platform, facts, floor));
  write('LICENSE.libjpeg-turbo', jpegNotice);
  fs.copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));

  const { file, size } = npmPack(folder, path.join(root, 'prebuilds'));
  if (size > mostPacked) refuse(`${file} has ${size} bytes, more than ${mostPacked}.`);
  const kept = Object.keys(floors).find((name) => aboveFloor(floor, name).length === 0);
  console.log(`prebuild: ${path.relative(root, file)}, ${(size / 1e6).toFixed(2)} MB`);
  console.log(
    `prebuild: needs ${Object.entries(floor)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}: ${kept ?? 'newer than any stated floor'}`,
  );
}

run(() => prebuild(process.argv.slice(2)));
