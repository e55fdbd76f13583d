import { evaluationView } from '../augment/view-spec.js';
import { loadNative } from '../binding/load.js';
import type { NativeEncoder, NativeModule } from '../binding/native.js';
import { ByolError } from '../errors.js';
import { centerRows } from '../eval/embed.js';
import { mapQueued } from '../eval/in-flight.js';
import { architectureName } from '../export/encoder.js';
import type { EncoderDescription } from '../export/encoder-description.js';
import { type ResolvedDevice, resolveDevice, resolvePrecision } from '../methods/learner-spec.js';
import type { LoadedWeights } from '../run/run-weights.js';
import { checkOptions } from '../text/options.js';
import { shareThreads, type Threads } from '../train/threads.js';
import { type EmbedAllOptions, type EncoderOptions, embedAllChecks, encoderChecks } from './encoder-options.js';
import { findEncoder } from './find-encoder.js';
import { type ImageInput, inBatches, isImageInput, joinPixels, type PlacedImage, readImages } from './image-inputs.js';

/** Representations y of images: what the encoder gives before any head, not normalised. */
export interface Representations {
  /** count x dimension, row-major: row i is [i * dimension, (i + 1) * dimension). */
  readonly data: Float32Array;
  readonly count: number;
  readonly dimension: number;
}

export interface RepresentationBatch extends Representations {
  /** Row i is of input indices[i], counted from 0: ascending, and without gaps unless broken images are left out. */
  readonly indices: Int32Array;
}

/** What an encoder is made of. */
export interface EncoderParts {
  readonly native: NativeModule;
  readonly network: NativeEncoder;
  readonly threads: Pick<Threads, 'dispose'>;
  readonly description: EncoderDescription;
  readonly resolved: ResolvedDevice;
  /** Images per forward pass, at most. */
  readonly batchSize: number;
  readonly maxPixels: number;
  readonly loaded: LoadedWeights;
}

/** For what else asks an encoder, which is not disposed of meanwhile. Throws ERR_BYOL_DISPOSED, and what `work` throws. */
export let withParts: <T>(encoder: Encoder, work: (parts: EncoderParts) => Promise<T>) => Promise<T>;

/** Images per forward pass where nothing else is asked for. */
const BATCH_SIZE = 64;
/** 300 MB of pixels: more than any camera makes of one photo in earnest. */
const MAX_PIXELS = 100_000_000;

/**
 * A trained encoder, to embed images with.
 *
 * ```ts
 * await using encoder = await Encoder.load('runs/cifar10-small');
 * const { data, count, dimension } = await encoder.embed(['a.jpg', buffer, { pixels, width, height }]);
 * for await (const { data, indices } of encoder.embedAll(manyPaths)) ...
 * ```
 *
 * Images are prepared as the official evaluation does it (paper C.1): of each the central square of 0.875 of its shorter side,
 * resampled to `inputSize` pixels; or with `transform: 'torchvision'` as torchvision's reference evaluation does. One that has
 * this size already is taken whole. Image files are decoded by the package
 * `sharp`: upright, as 8-bit sRGB, transparent parts on white.
 *
 * It keeps memory and, with a GPU, device memory until it is disposed of: by `await using`, or `await encoder.dispose()`.
 */
export class Encoder implements AsyncDisposable {
  readonly #parts: EncoderParts;
  readonly #working = new Set<Promise<unknown>>();
  #disposed: Promise<void> | undefined;

  static {
    withParts = (encoder, work) => encoder.#whileOpen(() => work(encoder.#parts));
  }

  private constructor(parts: EncoderParts) {
    this.#parts = parts;
  }

  /**
   * From `encoder.safetensors`, a checkpoint, the folder of a run, or another program's ResNet with torchvision's names in a
   * safetensors file. What it needs to know stands in the file; other programs' files do not say everything, and then the
   * error lists which options do.
   *
   * Throws ERR_BYOL_IO where there is no such file, ERR_BYOL_CHECKPOINT where it is damaged or holds another network,
   * ERR_BYOL_RUN for a folder that is no run or has no weights yet, ERR_BYOL_USAGE for options that are wrong or missing,
   * ERR_BYOL_CUDA_UNAVAILABLE, and why the addon cannot be loaded.
   */
  static async load(path: string, options: EncoderOptions = {}): Promise<Encoder> {
    checkOptions('Encoder.load()', { ...options, path }, encoderChecks);
    const { description, load } = await findEncoder(path, options);
    const native = loadNative();
    const info = native.info();
    const device = resolveDevice(options.device ?? 'auto', info);
    const resolved = { device, precision: resolvePrecision(options.precision ?? 'auto', device, info) };
    const threads = shareThreads(native, options.threads);
    const made: Array<{ dispose(): void }> = [threads];
    try {
      const network = new native.Encoder({ ...description, ...resolved, seed: 0 });
      made.push(network);
      const { batchSize = BATCH_SIZE, maxPixels = MAX_PIXELS } = options;
      const loaded = await load(network);
      return new Encoder({ native, network, threads, description, resolved, batchSize, maxPixels, loaded });
    } catch (error) {
      for (const resource of made) resource.dispose();
      throw error;
    }
  }

  /** Size of a representation: 2048 for a ResNet-50. */
  get features(): number {
    return this.#parts.network.features;
  }

  /** Side of the square that the network sees, in pixels. */
  get inputSize(): number {
    return this.#parts.description.input.size;
  }

  /** "resnet50", "resnet18 small stem". */
  get architecture(): string {
    return architectureName(this.#parts.description.encoder);
  }

  /** What stands in the weights file; see encoderMetadata() for what this package writes there. */
  get metadata(): Readonly<Record<string, string>> {
    return this.#parts.loaded.metadata;
  }

  /** The file that the weights came from. */
  get weights(): string {
    return this.#parts.loaded.path;
  }

  /** 'cpu' or 'cuda:N'. */
  get device(): string {
    return this.#parts.resolved.device;
  }

  get precision(): 'float32' | 'bfloat16' {
    return this.#parts.resolved.precision;
  }

  /**
   * One row for each image, in order. Whatever is given by reference must stay as it is until this resolves. Throws
   * ERR_BYOL_IMAGE naming the first image that cannot be read, by its number and file, ERR_BYOL_NO_DECODER where image files
   * need `sharp`, ERR_BYOL_USAGE for what is no image, ERR_BYOL_DISPOSED, and the signal's reason.
   */
  async embed(
    images: ImageInput | Iterable<ImageInput>,
    options: Pick<EmbedAllOptions, 'signal'> = {},
  ): Promise<Representations> {
    const batches: RepresentationBatch[] = [];
    for await (const batch of this.embedAll(isImageInput(images) ? [images] : images, options)) batches.push(batch);
    const dimension = this.features;
    const count = batches.reduce((sum, batch) => sum + batch.count, 0);
    const data = new Float32Array(count * dimension);
    let at = 0;
    for (const batch of batches) {
      data.set(batch.data, at);
      at += batch.data.length;
    }
    return { data, count, dimension };
  }

  /**
   * The same of any number of images, which need not be there at once, in batches as they are done; a few batches are on
   * their way meanwhile, and no more. Leaving the loop stops it.
   */
  embedAll(
    images: Iterable<ImageInput> | AsyncIterable<ImageInput>,
    options: EmbedAllOptions = {},
  ): AsyncGenerator<RepresentationBatch, void, undefined> {
    checkOptions('embedAll()', { ...options, images }, embedAllChecks);
    this.#refuseDisposed();
    const { batchSize, maxPixels } = this.#parts;
    const batches = inBatches(readImages(images, { ...options, maxPixels }), batchSize);
    return mapQueued(batches, (batch) => this.#whileOpen(() => this.#embedBatch(batch)), { signal: options.signal });
  }

  async #embedBatch(batch: readonly PlacedImage[]): Promise<RepresentationBatch> {
    const { native, network, description } = this.#parts;
    const view = evaluationView(description.input);
    const { pixels, heights, widths } = await joinPixels(batch.map(({ image }) => image));
    const store = new native.ImageStore(pixels, heights, widths, null);
    const count = batch.length;
    const dimension = network.features;
    const bank = new native.FeatureBank(count, dimension, this.device);
    try {
      const rows = Int32Array.from({ length: count }, (_, row) => row);
      const plan = await centerRows({ heights, widths }, view)(rows);
      await network.embed({ images: store, indices: rows, plan, view, statistics: 'running', bank, offset: 0 });
      const indices = Int32Array.from(batch, ({ index }) => index);
      return { data: await bank.read(0, count), count, dimension, indices };
    } finally {
      bank.dispose();
      store.dispose();
    }
  }

  /** Work that has begun goes to its end before the memory is freed. */
  async #whileOpen<T>(work: () => Promise<T>): Promise<T> {
    this.#refuseDisposed();
    const working = work();
    this.#working.add(working);
    try {
      return await working;
    } finally {
      this.#working.delete(working);
    }
  }

  #refuseDisposed(): void {
    if (this.#disposed === undefined) return;
    throw new ByolError('ERR_BYOL_DISPOSED', 'This encoder has been disposed of.');
  }

  /**
   * Frees its memory once the batches in progress are done. Later calls throw ERR_BYOL_DISPOSED, and so do loops over
   * embedAll() that are not at their end. A second call changes nothing.
   */
  dispose(): Promise<void> {
    this.#disposed ??= Promise.allSettled(this.#working).then(() => {
      this.#parts.network.dispose();
      this.#parts.threads.dispose();
    });
    return this.#disposed;
  }

  /** The same as dispose(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
