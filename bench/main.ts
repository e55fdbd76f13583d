/**
 * npm run bench [step|augment|decode|photos|run|learning|load|linear-stream|logistic|judging|normalization|export|ci-base ...]: side by side with what a user would take instead, in one run on one
 * machine. Results go to bench/results/ with the environment and the commit. BYOL_BENCH_PYTHON names a Python with torch (and torchvision).
 * `npm run bench linear-stream -- --rows 50000` is short, and only told, as is `npm run bench export -- --photos 8`; `npm run bench export -- --network
 * resnet-50` records this one beside the others, also of another number of photos.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { loadNative } from '../lib/binding/load.js';
import { packageRoot } from '../lib/binding/package-root.js';
import { describeEnvironment } from '../lib/run/environment.js';
import { benchAugment } from './augment.js';
import { benchCiBase } from './ci-base.js';
import { benchDecode } from './decode.js';
import { benchExport, type ExportBench } from './export.js';
import { benchJudging } from './judging.js';
import { benchLearning } from './learning.js';
import { benchLinearStream } from './linear-stream.js';
import { benchLoad } from './load.js';
import { benchLogistic } from './logistic.js';
import { benchNormalization } from './normalization.js';
import { benchPhotos } from './photos.js';
import { benchRun } from './run.js';
import { benchStep } from './step.js';

const benches = {
  step: benchStep,
  augment: benchAugment,
  decode: benchDecode,
  run: benchRun,
  learning: benchLearning,
  load: benchLoad,
  photos: benchPhotos,
  'linear-stream': benchLinearStream,
  logistic: benchLogistic,
  judging: benchJudging,
  normalization: benchNormalization,
  export: benchExport,
  'ci-base': benchCiBase,
} as const;
type Name = keyof typeof benches;

const { positionals: asked, values } = parseArgs({
  allowPositionals: true,
  options: { rows: { type: 'string' }, photos: { type: 'string' }, network: { type: 'string' } },
});
if (values.rows !== undefined) {
  const rows = Number(values.rows);
  if (!Number.isSafeInteger(rows) || rows < 2048 || asked.join() !== 'linear-stream') {
    console.error('--rows is a whole number from 2048, of linear-stream alone.');
    process.exit(2);
  }
  console.log(JSON.stringify(await benchLinearStream(rows), null, 2));
  process.exit(0);
}
const { photos, network } = values;
if (photos !== undefined || network !== undefined) {
  if (!/^([4-9]|\d{2,4})$/.test(photos ?? '100') || asked.join() !== 'export') {
    console.error('--photos is a whole number from 4, and --network a name; both are of export alone.');
    process.exit(2);
  }
}
if (photos !== undefined && network === undefined) {
  console.log(JSON.stringify(await benchExport({ photos: Number(photos) }), null, 2));
  process.exit(0);
}
const unknown = asked.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}
const info = loadNative().info();
const precision = info.cpuBfloat16 ? 'bfloat16' : 'float32';
const {
  command: _command,
  host: _host,
  ...environment
} = await describeEnvironment(info, { device: 'cpu', precision });
for (const name of (asked.length > 0 ? asked : Object.keys(benches)) as Name[]) {
  console.log(`${name}:`);
  const file = path.join(packageRoot(), 'bench', 'results', `${name}.json`);
  const result =
    network === undefined
      ? await benches[name]()
      : withOthers(file, await benchExport({ network, photos: photos === undefined ? undefined : Number(photos) }));
  mkdirSync(path.dirname(file), { recursive: true });
  const record = { command: `npm run bench ${name}`, environment, result };
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
  console.log(JSON.stringify(result, null, 2));
}

/** Networks that were recorded before stay. */
function withOthers(file: string, result: ExportBench): ExportBench {
  if (!existsSync(file)) return result;
  const before = JSON.parse(readFileSync(file, 'utf8')) as { readonly result: ExportBench };
  return { ...result, networks: { ...before.result.networks, ...result.networks } };
}
