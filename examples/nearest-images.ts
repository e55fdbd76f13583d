/**
 * Finds the images that an encoder takes for the most similar ones to a first image.
 *
 *     node examples/nearest-images.ts ENCODER QUERY FOLDER       Node 24; before that: npx tsx examples/nearest-images.ts ...
 *
 * ENCODER: the folder of a run, its encoder.safetensors, or a torchvision ResNet as safetensors. Needs the package `sharp`, which
 * reads JPEG, PNG, WebP, TIFF, AVIF and GIF.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Encoder } from 'byol-torch';

const [path, query, folder] = process.argv.slice(2);
if (path === undefined || query === undefined || folder === undefined) {
  throw new Error('Usage: nearest-images ENCODER QUERY FOLDER');
}

await using encoder = await Encoder.load(path);
console.log(`${encoder.architecture}: ${encoder.features} numbers for each image, on ${encoder.device}`);

// One image, here by its bytes; { pixels, width, height } would do as well.
const wanted = unit((await encoder.embed(await readFile(query))).data);

// Any number of images, a batch at a time; one that cannot be read is told and left out.
const files = (await readdir(folder)).filter((name) => /\.(jpe?g|png|webp|tiff?|avif|gif)$/i.test(name));
const found: { name: string; similarity: number }[] = [];
const batches = encoder.embedAll(
  files.map((name) => join(folder, name)),
  { onBroken: (error) => console.warn(error.message) },
);
for await (const { data, dimension, indices } of batches) {
  for (const [row, index] of indices.entries()) {
    const vector = unit(data.subarray(row * dimension, (row + 1) * dimension));
    found.push({ name: files[index] as string, similarity: dot(wanted, vector) });
  }
}

found.sort((a, b) => b.similarity - a.similarity);
for (const { name, similarity } of found.slice(0, 5)) console.log(`${similarity.toFixed(4)}  ${name}`);

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

/** Representations are not normalised; cosine similarity is the product of unit vectors. */
function unit(vector: Float32Array): Float32Array {
  const norm = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / norm);
}
