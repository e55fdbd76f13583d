import type { CommandModule } from 'yargs';
import type { Pipeline } from '../../augment/pipeline.js';
import type { NativeModule } from '../../binding/native.js';
import type { Config } from '../../config/schema.js';
import type { Images } from '../../data/images.js';
import { ByolError } from '../../errors.js';
import {
  type ConfigArguments,
  configFromArguments,
  configOptions,
  imagesArgument,
  requireSource,
  withImages,
} from '../config-options.js';

interface ViewsArguments extends ConfigArguments {
  images?: string | undefined;
  out: string;
  count: number;
}

export const command: CommandModule<object, ViewsArguments> = {
  command: 'views [images]',
  describe: 'Show what the network will see: a picture of originals and their two views',
  builder: (yargs) =>
    yargs.positional('images', imagesArgument).options({
      ...configOptions,
      out: { type: 'string', requiresArg: true, default: 'views.png', describe: 'PNG file to write' },
      count: { type: 'number', requiresArg: true, default: 8, describe: 'Images to show, 1 to 64' },
    }),
  handler: async (given) => {
    const args = withImages(given);
    const { out, count } = args;
    if (!Number.isInteger(count) || count < 1 || count > 64) {
      throw new ByolError('ERR_BYOL_USAGE', '--count must be a whole number from 1 to 64.');
    }
    requireSource('views', args);
    const shown = await writeSheet(await configFromArguments(args), out, count);
    process.stdout.write(
      `${out}: ${shown === 1 ? '1 image, with its original' : `${shown} images, each with its original`}, view 1 (T) and view 2 (T').\n`,
    );
  },
};

async function writeSheet(config: Config, out: string, count: number): Promise<number> {
  const { loadNative } = await import('../../binding/load.js');
  const { ImageOpener } = await import('../../data/image-opener.js');
  const { splitTitles } = await import('../../data/dataset.js');
  const { availableCores } = await import('../../train/available-cores.js');
  const { readData } = await import('../../data/kinds/index.js');
  const { writeAtomically } = await import('../../files/atomic-file.js');
  const { pipelineView } = await import('../../random/purposes.js');
  const { drawContactSheet } = await import('../../report/contact-sheet.js');
  const { encodePng } = await import('../../report/png.js');
  const native = loadNative();
  const { train } = await readData(config.data);
  const opener = new ImageOpener(native, {
    threads: availableCores(),
    onBroken: (message) => process.stderr.write(`${message}\n`),
  });
  const images = opener.open(train, splitTitles.train);
  try {
    const shown = Math.min(count, images.count);
    const indices = Int32Array.from({ length: shown }, (_, row) => Math.floor((row * images.count) / shown));
    const columns = [await renderViews(native, images, indices, config, [])];
    for (const [index, pipeline] of config.views.pipelines.entries()) {
      columns.push(await renderViews(native, images, indices, config, pipeline, pipelineView(index)));
    }
    const rows = Array.from(indices, (_, row) => columns.map((column) => column[row] as Float32Array));
    await writeAtomically(out, encodePng(drawContactSheet({ size: config.views.size, rows })));
    return shown;
  } finally {
    opener.dispose();
  }
}

/** As in the run's first epoch, with the normalisation taken back. */
async function renderViews(
  native: NativeModule,
  images: Images,
  indices: Int32Array,
  { views, seed, threads }: Config,
  pipeline: Pipeline,
  view = 0,
): Promise<Float32Array[]> {
  const { drawPlan } = await import('../../augment/plan.js');
  const { takeImages } = await import('../../augment/take-images.js');
  const { viewSpec } = await import('../../augment/view-spec.js');
  const { sizesOf } = await import('../../data/dataset.js');
  const draw = { pipeline, view, seed, epoch: 0, samples: indices, jitter: views.jitter };
  const spec = viewSpec(views);
  const drawn = { spec, draw: (chosen: Int32Array) => drawPlan({ ...draw, ...sizesOf(images, chosen) }) };
  const taken = await takeImages(images, indices, [drawn]);
  const pixels = await native.executePlan({
    images: taken.store,
    indices: taken.indices,
    plan: taken.plans[0] as Float32Array,
    view: spec,
    executor: 'fused',
    dtype: 'float32',
    threads,
    device: 'cpu',
  });
  taken.release();
  for (let i = 0; i < pixels.length; i += 1) {
    const channel = i % 3;
    pixels[i] = (pixels[i] as number) * (views.std[channel] as number) + (views.mean[channel] as number);
  }
  const length = views.size ** 2 * 3;
  return Array.from(indices, (_, row) => pixels.subarray(row * length, (row + 1) * length));
}
