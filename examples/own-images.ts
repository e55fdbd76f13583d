/**
 * Trains step by step on images that come from anywhere: these are drawn; yours may come from a camera or a database. After
 * every epoch it asks kNN and saves what is needed to go on.
 *
 *     node examples/own-images.ts [IMAGES]        Node 24 or newer; before that: npx tsx examples/own-images.ts
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { datasetFromIterable, type GivenImage, openLearning } from 'byol-torch';

const images = Number(process.argv[2] ?? 4_000);
const folder = 'runs/own-images';
await mkdir(folder, { recursive: true });
const state = join(folder, 'state.safetensors');

const data = await datasetFromIterable(drawings(images, 1), {
  test: drawings(images / 4, 2),
  classNames: ['rings', 'stripes', 'checks'],
  name: 'drawings',
});

await using learning = await openLearning({ preset: 'shapes', epochs: 3, evaluation: { knn: { k: 50 } } }, { data });
if (existsSync(state)) await learning.load(state);
else console.log(`untrained: kNN ${(100 * (await learning.knn()).top1).toFixed(1)} %`);

for await (const event of learning.steps()) {
  if (event.type === 'reading') {
    console.log(`step ${event.step} of ${learning.totalSteps}: loss ${event.metrics.loss.toFixed(3)}`);
  } else if (event.ended !== null) {
    // Nothing is on its way here, so that what is measured and saved is of one moment.
    const { top1 } = await learning.knn();
    await learning.save(state);
    console.log(`epoch ${event.ended.epoch}: kNN ${(100 * top1).toFixed(1)} %, saved`);
  }
}
await learning.exportEncoder(join(folder, 'encoder.safetensors'));

/** Rings, stripes or checks, a light colour and a dark one, anywhere: the same ones each time. Only kNN looks at the labels. */
async function* drawings(count: number, seed: number): AsyncGenerator<GivenImage> {
  const [width, height] = [32, 32];
  const random = generator(seed);
  const patterns = [
    (x: number, y: number) => Math.sin(Math.hypot(x, y)),
    (x: number, y: number) => Math.sin(x + y),
    (x: number, y: number) => Math.sin(x) * Math.sin(y),
  ];
  for (let image = 0; image < count; image += 1) {
    const label = image % patterns.length;
    const pattern = patterns[label] as (x: number, y: number) => number;
    const [scale, left, top] = [0.7 + 0.1 * random(), width * random(), height * random()];
    const colors = [0, 128].map((least) => [0, 1, 2].map(() => least + 128 * random()));
    const pixels = new Uint8Array(height * width * 3);
    for (let i = 0; i < pixels.length; i += 1) {
      const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      const side = pattern(scale * (x - left), scale * (y - top)) > 0 ? 1 : 0;
      pixels[i] = colors[side]?.[i % 3] ?? 0;
    }
    yield { pixels, width, height, label };
  }
}

/** Numbers in [0, 1): mulberry32 by T. Ettinger. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}
