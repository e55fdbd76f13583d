'use strict';
// npm run fuzz [-- SECONDS [SEED]]: damaged files through the JPEG decoder, under AddressSanitizer and UndefinedBehaviorSanitizer.
// A minute by default, with another seed each day, which is printed. What was found is kept in fuzz-found.jpg.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const [seconds = '60', seed = String(Math.floor(Date.now() / 86_400_000))] = process.argv.slice(2);
const SOURCES = ['crop_region', 'jpeg_markers', 'jpeg_session', 'jpeg_rows', 'jpeg_decoder'];

/** Files that broke other decoders, where they lie beside the repository. */
function oddFiles() {
  const dir = path.resolve(root, '../shared/data/odd-images');
  if (!fs.existsSync(dir)) return [];
  return fs.readdirSync(dir).flatMap((name) => (name.endsWith('.jpg') ? [path.join(dir, name)] : []));
}

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'byol-fuzz-'));
const program = path.join(dir, 'jpeg_fuzz');
const native = path.join(root, 'native');
const run = (command, args) => spawnSync(command, args, { stdio: 'inherit', cwd: root }).status === 0;
try {
  const built = run(process.env.CXX ?? 'g++', [
    ...['-std=c++20', '-O1', '-g', '-DBYOL_HAVE_JPEG', '-I', native],
    ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'],
    path.join(native, 'fuzz', 'jpeg_fuzz.cpp'),
    ...SOURCES.map((name) => path.join(native, 'core', 'data', `${name}.cpp`)),
    ...['-ljpeg', '-o', program],
  ]);
  console.log(`${seconds} seconds with seed ${seed}`);
  process.exitCode = built && run(program, [seconds, seed, ...oddFiles()]) ? 0 : 1;
} finally {
  fs.rmSync(dir, { recursive: true, force: true });
}
