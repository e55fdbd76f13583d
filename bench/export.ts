/**
 * Exported ONNX models against our own features on real photos: the largest difference of any feature of any photo, in float32, from
 * images that are normalised outside and from pixels that the model normalises itself.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadNative } from '../lib/binding/load.js';
import { packageRoot } from '../lib/binding/package-root.js';
import { Encoder } from '../lib/encoder/encoder.js';
import { exportEncoder } from '../lib/encoder/export-encoder.js';
import { availableCores } from '../lib/train/available-cores.js';
import { exportedNetworks, inputOf, WEIGHTS, writeNetwork } from './export/networks.js';
import { type Photos, photosOf, readPhotos } from './export/photos.js';
import { type ModelInput, type OnnxRuntime, onnxRuntime } from './export/runtime.js';

export interface ExportOptions {
  /** 100 where it is left out. */
  readonly photos?: number | undefined;
  /** A name of exportedNetworks; all where it is left out. */
  readonly network?: string | undefined;
}

export interface ExportedFeatures {
  readonly network: string;
  readonly runtime: string;
  readonly photos: number;
  readonly size: number;
  readonly features: number;
  /** Of our features: the largest, and their root mean square. */
  readonly largest: number;
  readonly rms: number;
  /** The largest difference of a feature, absolute, where images are normalised outside, and where the model does it. */
  readonly difference: number;
  readonly differenceFromPixels: number;
}

export interface ExportBench {
  readonly what: string;
  readonly weights: string;
  readonly networks: Readonly<Record<string, ExportedFeatures>>;
}

/** Imagenette's photos, as test/support/paths.ts finds them. */
const PHOTOS = path.join(packageRoot(), '..', 'shared', 'data', 'imagenette2-224', 'val');

export async function benchExport({ photos: count = 100, network }: ExportOptions = {}): Promise<ExportBench> {
  const names = Object.keys(exportedNetworks);
  if (network !== undefined && !names.includes(network)) {
    throw new Error(`There is no network ${network}; there are: ${names.join(', ')}.`);
  }
  const threads = availableCores();
  loadNative().setThreads(threads);
  const runtime = onnxRuntime(threads);
  const squares = await readPhotos(process.env['BYOL_BENCH_PHOTOS'] ?? PHOTOS, count);
  const networks: Record<string, ExportedFeatures> = {};
  for (const name of network === undefined ? names : [network]) {
    networks[name] = await compare(name, squares, runtime);
    console.log(`  ${name}: ${JSON.stringify(networks[name])}`);
  }
  return {
    what: 'largest absolute difference between the features of an exported ONNX model and ours, float32, on photos of Imagenette',
    weights: WEIGHTS,
    networks,
  };
}

async function compare(name: string, squares: readonly Uint8Array[], runtime: OnnxRuntime): Promise<ExportedFeatures> {
  const network = exportedNetworks[name];
  if (network === undefined) throw new Error(name);
  const { size, atOnce } = network;
  const photos = photosOf(squares, size);
  const folder = mkdtempSync(path.join(tmpdir(), 'byol-bench-export-'));
  try {
    const [file, model, pixelModel] = ['encoder.safetensors', 'model.onnx', 'pixels.onnx'].map((part) =>
      path.join(folder, part),
    ) as [string, string, string];
    const title = await writeNetwork(file, network, photos);
    const ours = await ownFeatures(file, photos, atOnce);
    await exportEncoder(file, { out: model });
    const theirs = await runtime.features(model, batches(photos, atOnce, 'images'));
    await exportEncoder(file, { out: pixelModel, pixels: true });
    const fromPixels = await runtime.features(pixelModel, batches(photos, atOnce, 'pixels'));
    return {
      network: title,
      runtime: runtime.name,
      photos: photos.count,
      size,
      features: ours.length / photos.count,
      largest: ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
      rms: Math.sqrt(ours.reduce((sum, value) => sum + value * value, 0) / ours.length),
      difference: largestDifference(ours, theirs),
      differenceFromPixels: largestDifference(ours, fromPixels),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ownFeatures(file: string, { count, size, pixels }: Photos, atOnce: number): Promise<Float32Array> {
  await using encoder = await Encoder.load(file, { device: 'cpu', precision: 'float32', batchSize: atOnce });
  const images = Array.from({ length: count }, (_, i) => ({ pixels: pixels(i, 1), width: size, height: size }));
  return (await encoder.embed(images)).data;
}

/** The last one has what is left over: the number of images is free. */
function* batches({ count, size, pixels }: Photos, atOnce: number, name: ModelInput['name']): Generator<ModelInput> {
  for (let first = 0; first < count; first += atOnce) {
    const rows = Math.min(atOnce, count - first);
    const bytes = pixels(first, rows);
    if (name === 'pixels') yield { name, values: Uint8Array.from(bytes), shape: [rows, size, size, 3] };
    else yield { name, values: normalised(bytes, rows, size), shape: [rows, 3, size, size] };
  }
}

/** Channels first, in float64 until the end. */
function normalised(bytes: Uint8Array, rows: number, size: number): Float32Array {
  const { mean, std } = inputOf(size);
  const area = size * size;
  const out = new Float32Array(bytes.length);
  for (let row = 0; row < rows; row += 1) {
    for (let pixel = 0; pixel < area; pixel += 1) {
      for (const channel of [0, 1, 2] as const) {
        const value = (bytes[(row * area + pixel) * 3 + channel] as number) / 255;
        out[(row * 3 + channel) * area + pixel] = (value - mean[channel]) / std[channel];
      }
    }
  }
  return out;
}

function largestDifference(ours: Float32Array, theirs: Float32Array): number {
  if (ours.length !== theirs.length) throw new Error(`${theirs.length} features for ${ours.length}`);
  const largest = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - (theirs[i] as number))), 0);
  if (!Number.isFinite(largest)) throw new Error('features are not finite');
  return largest;
}
