'use strict';
// npm run fuzz [-- --seconds N --seed S --record]: damaged bytes to all that reads bytes of others. The JPEG decoder and what
// unpacks Snappy under AddressSanitizer and UndefinedBehaviorSanitizer; the readers in TypeScript, those of checkpoints, and sharp's
// decoders behind our limits, in processes of their own. A minute by default, with another seed each day, which is printed. What was found is
// kept in fuzz-found-*, with how to repeat it. --record writes bench/results/fuzz.json.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');

const root = path.resolve(__dirname, '..');
const native = path.join(root, 'native');
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 86_400_000)) },
    record: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
if (!(seconds > 0) || !/^\d+$/.test(values.seed)) {
  console.error('error: --seconds must be a number above 0, --seed a whole number.');
  process.exit(2);
}

/** Of the time, a part for each. */
const JPEG = 0.4;
const SNAPPY = 0.1;
const CHECKPOINTS = 0.1;
const OTHERS = 0.4;

/** Files that broke other decoders, where they lie beside the repository. */
function oddFiles() {
  const dir = path.resolve(root, '../shared/data/odd-images');
  if (!fs.existsSync(dir)) return [];
  return fs.readdirSync(dir).flatMap((name) => (name.endsWith('.jpg') ? [path.join(dir, name)] : []));
}

/** What a program printed, which is shown; null: it failed. */
function run(command, args) {
  const { status, stdout } = spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: root,
    encoding: 'utf8',
  });
  process.stdout.write(stdout ?? '');
  return status === 0 ? stdout.trim() : null;
}

/** Builds a fuzzer under sanitizers and runs it. */
function fuzzNative(dir, name, sources, libraries, args) {
  const program = path.join(dir, name);
  const built = run(process.env.CXX ?? 'g++', [
    ...['-std=c++20', '-O1', '-g', '-DBYOL_HAVE_JPEG', '-I', native],
    ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'],
    path.join(native, 'fuzz', `${name}.cpp`),
    ...sources.map((source) => path.join(native, 'core', 'data', `${source}.cpp`)),
    ...[...libraries, '-o', program],
  ]);
  return built === null ? null : run(program, args);
}

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'byol-fuzz-'));
try {
  console.log(`${seconds} seconds with seed ${values.seed}`);
  const jpeg = ['crop_region', 'jpeg_markers', 'jpeg_session', 'jpeg_rows', 'jpeg_decoder'];
  const times = (part) => [String(seconds * part), values.seed];
  const told = {
    jpeg: fuzzNative(dir, 'jpeg_fuzz', jpeg, ['-ljpeg'], [...times(JPEG), ...oddFiles()]),
    snappy: fuzzNative(dir, 'snappy_fuzz', ['snappy'], [], times(SNAPPY)),
    checkpoints: run(process.execPath, [
      path.join(root, 'dist', 'bench', 'fuzz-checkpoints.js'),
      ...times(CHECKPOINTS),
    ]),
    others: run(process.execPath, [
      path.join(root, 'dist', 'bench', 'fuzz.js'),
      ...['--seconds', String(seconds * OTHERS), '--seed', values.seed],
    ]),
  };
  const failed = Object.values(told).includes(null);
  process.exitCode = failed ? 1 : 0;
  if (values.record && !failed) {
    const { others, ...natively } = told;
    const groups = others.split('\n').map((line) => /^(\w+): (.*)$/.exec(line));
    const commit = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout.trim();
    const result = {
      command: `npm run fuzz -- --seconds ${values.seconds} --seed ${values.seed} --record`,
      commit,
      machine: `${os.cpus()[0]?.model ?? os.arch()}, ${os.platform()}, Node.js ${process.version}`,
      seconds,
      found: 0,
      ...natively,
      ...Object.fromEntries(groups.map(([, name, json]) => [name, JSON.parse(json)])),
    };
    const file = path.join(root, 'bench', 'results', 'fuzz.json');
    fs.writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
    console.log(`Saved as ${path.relative(root, file)}`);
  }
} finally {
  fs.rmSync(dir, { recursive: true, force: true });
}
