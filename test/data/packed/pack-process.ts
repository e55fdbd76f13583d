/** Packs a folder in a process of its own, which a test kills: node pack-process.js FOLDER OUT. */
import { loadNative } from '../../../lib/binding/load.js';
import { inferData } from '../../../lib/data/infer.js';
import { readData } from '../../../lib/data/kinds/index.js';
import { packImages } from '../../../lib/data/packed/pack.js';

const [place = '', out = ''] = process.argv.slice(2);
const data = await readData((await inferData(place)).config);
// Not within the time that a test takes for that of packing.
const native = loadNative();
process.stdout.write('begins\n');
try {
  const result = await packImages(native, data, {
    place,
    out,
    size: 96,
    brokenLimit: 0.05,
    overwrite: false,
    threads: 1,
    partBytes: 200_000,
    onProgress: ({ done }) => process.stdout.write(`${done}\n`),
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  process.stderr.write(
    `${(error as { code?: string }).code} ${(error as Error).message} ${(error as { hint?: string }).hint}\n`,
  );
  process.exitCode = 1;
}
