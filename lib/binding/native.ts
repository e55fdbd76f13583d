/**
 * The exact surface of the native addon: flat, without policy and without defaults. Everything with a choice in it lives in
 * the TypeScript above. Long work happens on one LibTorch thread; its results are promises.
 *
 * Errors are ByolErrors. Arguments that cannot be meant are refused at the call, by a throw, and nothing is queued; what goes
 * wrong in the work rejects its promise. What is given is copied at the call, and may be changed or used again at once, but for
 * what ImageStore.adopt() takes over.
 *
 * No call waits for the LibTorch thread, constructors included: they check what they are given, and the object is made behind
 * the commands that are queued. Where that fails (memory, the device), every command on the object rejects with the reason.
 * A step that rejects, whatever the reason, leaves the learner as if it had never been asked for.
 *
 * Native objects belong to whoever made them: `dispose()` frees them (or `using`), commands that are already queued still
 * have them, and later calls throw ERR_BYOL_DISPOSED.
 */

import type { LearnerSpec, NativeEncoderSpec, ViewSpec } from './specs.js';

export type * from './specs.js';

/** Must equal the number that the addon exports; the loader refuses another. */
export const API_VERSION = 7;

export interface NativeInfo {
  /** "2.13.0": the LibTorch that the addon was compiled against, and the one that is loaded. */
  readonly torchCompiled: string;
  readonly torchLoaded: string;
  /** at::get_cpu_capability(): "DEFAULT", "AVX2", "AVX512", ... */
  readonly cpuCapability: string;
  /** The CPU has bf16 matrix or dot-product instructions (AVX512-BF16 or AMX), so that bfloat16 gains. */
  readonly cpuBfloat16: boolean;
  readonly threads: number;
  /** The LibTorch in use is a CUDA build. */
  readonly cudaBuilt: boolean;
  readonly cudaDevices: number;
  /** 'NVIDIA H100 80GB HBM3 (9.0)': each device's name and compute capability. */
  readonly cudaDeviceNames: readonly string[];
  /** The newest CUDA that the driver runs: '13.0'; empty where there is no driver. */
  readonly cudaDriver: string;
  /** Why CUDA cannot be used, and what to do; or empty. */
  readonly cudaProblem: string;
  /** "libjpeg-turbo 2.1.5" or empty. */
  readonly jpeg: string;
}

/** One view of every row of a batch. */
export interface StepView {
  /** Rows x plan columns. */
  readonly plan: Float32Array;
  readonly spec: ViewSpec;
}

/** One optimiser step. Rows are split evenly over the micro-batches, in order. */
export interface StepInput {
  readonly images: NativeImageStore;
  /** Micro-batches x batch rows. */
  readonly indices: Int32Array;
  readonly microBatches: number;
  /** Two, which every method compares; ERR_BYOL_USAGE for another number. */
  readonly views: readonly StepView[];
  readonly learningRate: number;
  readonly tau: number;
  /** Of the heads, relative to the learning rate. */
  readonly projectorRate: number;
  readonly predictorRate: number;
  /** Of the objective beside supervision. */
  readonly objectiveWeight: number;
  /**
   * One per row, -1: unlabelled; with supervision.many one per row and class, row by row, 1 or 0, -1: not known. null without
   * supervision.
   */
  readonly supervisedLabels: Int32Array | null;
}

/**
 * Seconds of the parts of one step, summed over its micro-batches, and of all of it: of the LibTorch thread on the CPU, of
 * the device elsewhere, by its own clock.
 */
export interface StepTimes {
  readonly augment: number;
  /** All networks and the objective. */
  readonly forward: number;
  readonly backward: number;
  /** Optimiser, moving average, running statistics, queue. */
  readonly update: number;
  readonly total: number;
}

/** How a learner's steps are computed, as of the last one. */
export interface Execution {
  /**
   * 'captured': as a graph that the device was shown once; 'eager': operation by operation, not yet captured or never;
   * 'unavailable': the device has no graphs.
   */
  readonly graph: 'captured' | 'eager' | 'unavailable';
  /** Why steps are not captured, as a sentence; empty where they are. */
  readonly reason: string;
  /**
   * 'resident': images lie in the device's memory; 'staged': those of each batch are copied there beside the step before;
   * 'host': the processor augments.
   */
  readonly images: 'resident' | 'staged' | 'host';
}

/** Of the optimiser steps since the last reading; unless told otherwise sums over them, in which nothing is lost. */
export interface StepMetrics {
  readonly steps: number;
  readonly loss: number;
  readonly probeLoss: number;
  readonly probeTop1: number;
  /** All with five classes or fewer. */
  readonly probeTop5: number;
  /** 0 without supervision. */
  readonly supervisedLoss: number;
  readonly supervisedTop1: number;
  readonly projectionStd: number;
  /** Effective rank of the last batch's projections, 1 to their dimension. */
  readonly projectionRank: number;
  /** ||theta - xi|| / ||theta|| after the last step. */
  readonly targetDistance: number;
  /** The largest change of a parameter since the learner was made or loaded. */
  readonly targetMovement: number;
  /** Its index among all steps; -1: none. */
  readonly firstBadStep: number;
}

/** Pixels of images in native memory. Those that a DecodePool gave are taken over: their array is empty from then on. Others are copied. */
export interface NativeImageStore {
  /** Images. How large each is, whoever made the store knows. */
  readonly size: number;
  readonly labelled: boolean;
  /** Twice does no harm. */
  dispose(): void;
}

export interface ImageStoreClass {
  /**
   * RGB images of any sizes, one after the other: of image i heights[i] x widths[i] x 3 bytes, row-major; sides of 1 to 16,384
   * pixels. `labels`: one class per image, -1 where unknown.
   */
  new (
    pixels: Uint8Array,
    heights: Int32Array,
    widths: Int32Array,
    labels: Int32Array | null,
  ): NativeImageStore & Disposable;
  /** The same, but `pixels`, all of a buffer, are taken over and have no bytes from then on; those of a DecodePool without a copy. */
  adopt(
    pixels: Uint8Array,
    heights: Int32Array,
    widths: Int32Array,
    labels: Int32Array | null,
  ): NativeImageStore & Disposable;
}

/** What one image, one file and one batch may take. */
export interface DecodeLimits {
  readonly pixels: number;
  /** Bytes that libjpeg takes beside the file and the decoded pixels; only progressive images take much. */
  readonly memory: number;
  /** A progressive image has about ten. */
  readonly scans: number;
  /** A last resort: unlike the others it depends on the machine. */
  readonly seconds: number;
  readonly fileBytes: number;
  /** Of the pixels of all regions; ERR_BYOL_VALUE for a batch with more. */
  readonly batchBytes: number;
}

/** Where the bytes of an image file lie: in a file of its own, or in a part of a larger one. */
export interface DecodePlace {
  /** As the file system has it: its bytes need not be UTF-8. */
  readonly path: Uint8Array;
  readonly offset: number;
  readonly length: number;
  /** What lies there are elements of Snappy, without the length in front of them: the file's own bytes in what is unpacked. */
  readonly packed?: { readonly offset: number; readonly length: number };
  /** A file of its own, read to its end whatever `length` says: it may have been replaced. */
  readonly whole?: boolean;
}

/** A batch of JPEG files, and which crops of them are needed. */
export interface DecodeInput {
  readonly places: readonly DecodePlace[];
  /** Pixels of the upright images, as whoever chose the crops knows them, and EXIF's orientations, 1 to 8. */
  readonly heights: Int32Array;
  readonly widths: Int32Array;
  readonly orientations: Int32Array;
  /** Crops of an image: 1 or 2. */
  readonly crops: number;
  /** Images x crops x (top, left, height, width), in pixels of the upright image. */
  readonly boxes: Int32Array;
  /**
   * An image is decoded at a half, a quarter or an eighth of its sides where all its crops then still have `leastRatio` times the
   * sides of the view; null: never. A view without antialiasing can always tell (bench/results/decode.json).
   */
  readonly viewHeight: number;
  readonly viewWidth: number;
  readonly leastRatio: number | null;
  readonly limits: DecodeLimits;
}

/** Images whose pixels lie in one file, and which crops of them are needed. Outcomes are 'unreadable' alone. */
export interface PixelsInput {
  readonly path: Uint8Array;
  /** Of the first byte of each image: heights[i] x widths[i] x 3 bytes, row-major. */
  readonly offsets: readonly number[];
  readonly heights: Int32Array;
  readonly widths: Int32Array;
  readonly crops: number;
  readonly boxes: Int32Array;
  readonly batchBytes: number;
}

/** Pixels that another decoder has made: height x width x 3 bytes of upright RGB. */
export interface GivenPixels {
  readonly pixels: Uint8Array;
}

/** Whole images, JPEG files or pixels, that are resampled: cubic, with antialiasing (core/data/resample.h). */
export interface ResizeInput {
  readonly sources: ReadonlyArray<DecodePlace | GivenPixels>;
  /** Of the upright images; of JPEG files with EXIF's orientations. */
  readonly heights: Int32Array;
  readonly widths: Int32Array;
  readonly orientations: Int32Array;
  /** What they become; of an image that has these sides already, nothing is changed. */
  readonly newHeights: Int32Array;
  readonly newWidths: Int32Array;
  readonly limits: DecodeLimits;
}

/** Why there are no pixels of an image. */
export interface DecodeFailure {
  readonly image: number;
  /**
   * 'not-jpeg' and 'unsupported': another decoder may know it. 'broken': damaged or cut off before the last row that a crop needs.
   * 'too-large': more pixels, memory, scans or time than allowed. 'changed': of another size or orientation than was said.
   */
  readonly outcome: 'unreadable' | 'not-jpeg' | 'unsupported' | 'broken' | 'too-large' | 'changed';
  /** The end of a sentence: "it is cut off after about 180 of 442 rows". */
  readonly reason: string;
}

/** Of each image the smallest rectangle with all its crops, upright, in 8-bit RGB: what an ImageStore is made of. */
export interface DecodedImages {
  /** Of image i heights[i] x widths[i] x 3 bytes, one after the other; zeros where it failed, for another decoder to fill in. */
  readonly pixels: Uint8Array;
  readonly heights: Int32Array;
  readonly widths: Int32Array;
  /** The crops' places in these rectangles, in the layout of the input. Edges of scaled ones may lie between pixels. */
  readonly boxes: Float32Array;
  /** Eighths of its sides at which each image was decoded: 1, 2, 4 or 8. */
  readonly scales: Int32Array;
  readonly failures: readonly DecodeFailure[];
}

/** Threads that read and decode files, beside LibTorch's. What comes out does not depend on how many there are. */
export interface NativeDecodePool {
  /** Batches are decoded in the order in which they are given, and take memory for their pixels from when their turn comes. */
  decode(input: DecodeInput): Promise<DecodedImages>;
  /** Parts of images whose pixels lie in a file as they are, in the same order with what decode() is given. */
  readPixels(input: PixelsInput): Promise<DecodedImages>;
  /** Whole images in other sizes, as well in this order. */
  resize(input: ResizeInput): Promise<DecodedImages>;
  /** Gives up what is on its way: those promises reject with ERR_BYOL_DISPOSED. Waits for no thread. Twice does no harm. */
  dispose(): void;
}

/** Features of images, row by row, where the encoder is. */
export interface NativeFeatureBank {
  readonly size: number;
  readonly dimension: number;
  /** A copy of rows [start, end), row-major float32. */
  read(start: number, end: number): Promise<Float32Array>;
  /**
   * Rows from `offset` on, with features from anywhere: row-major, one row for each label, -1 where unknown. ERR_BYOL_SHAPE outside the
   * bank, ERR_BYOL_NOT_FINITE for features that are NaN or infinite; nothing is written then.
   */
  write(offset: number, features: Float32Array, labels: Int32Array): Promise<void>;
  /** Twice does no harm. */
  dispose(): void;
}

export interface EmbedInput {
  readonly images: NativeImageStore;
  readonly indices: Int32Array;
  readonly plan: Float32Array;
  readonly view: ViewSpec;
  /**
   * 'batch': statistics of this batch (an encoder that has never been trained has no running ones), also for norms of kind
   * 'affine' before the first step has initialised them, which this does not. Other kinds of norm are the same with both.
   */
  readonly statistics: 'running' | 'batch';
  readonly bank: NativeFeatureBank;
  /** First row of the bank to write. */
  readonly offset: number;
}

export interface NativeLearner {
  readonly features: number;
  /** Outputs of the projector. */
  readonly projections: number;
  readonly encoderParameters: number;
  /** So many steps at once keep it busy. */
  readonly stepsInFlight: number;
  /** Resolves when the step is done; several may be queued, they run in order. */
  step(input: StepInput): Promise<StepTimes>;
  /**
   * The same step, with the wall-clock seconds of every operation without those that it calls, by name; 'byol::norm',
   * 'byol::norm_backward', 'byol::update' (optimiser and EMA) and 'byol::convolution DIRECTION ...' (one for each shape) are ours,
   * whatever they call.
   */
  profileStep(input: StepInput): Promise<Record<string, { readonly calls: number; readonly seconds: number }>>;
  /** Since the last call. */
  readMetrics(): Promise<StepMetrics>;
  execution(): Promise<Execution>;
  /** Optimiser steps done. */
  readonly stepCount: Promise<number>;
  embed(input: EmbedInput): Promise<void>;
  /** The same with the projector's outputs, for a bank of dimension `projections`: class scores of a learner with supervision. */
  project(input: EmbedInput): Promise<void>;
  /**
   * Takes over the encoder's weights and running statistics, as they are when the command's turn comes; the other stays as it is.
   * ERR_BYOL_CHECKPOINT for another architecture, ERR_BYOL_VALUE for an encoder that has never been trained.
   */
  startFrom(encoder: Pick<NativeEncoder | NativeLearner, 'embed'>): Promise<void>;
  /** Everything needed to go on bit-exactly, as one safetensors file, atomically. */
  save(path: string, metadata: Readonly<Record<string, string>>): Promise<void>;
  /** Strict: another architecture is refused, and changes nothing. Resolves with the metadata. */
  load(path: string): Promise<Record<string, string>>;
  /** Weights only, from a training state or an encoder file; what the file lacks keeps its initial value. */
  loadWeights(path: string): Promise<Record<string, string>>;
  /** The online encoder with torchvision's names. */
  exportEncoder(path: string, metadata: Readonly<Record<string, string>>): Promise<void>;
  dispose(): void;
}

export interface NativeEncoder {
  readonly features: number;
  readonly parameters: number;
  embed(input: EmbedInput): Promise<void>;
  /** From an encoder file or the online encoder of a training state. Strict: another architecture is refused, and changes nothing. */
  loadWeights(path: string): Promise<Record<string, string>>;
  /** With torchvision's names, as the learner's. ERR_BYOL_VALUE for one that was never trained. */
  exportEncoder(path: string, metadata: Readonly<Record<string, string>>): Promise<void>;
  dispose(): void;
}

/** Fractions in [0, 1]. Of a native linear probe NaN: that classifier diverged. */
export interface Accuracy {
  readonly top1: number;
  readonly top5: number;
}

/** See KnnSettings in lib/eval/protocols/knn.ts for what each means. */
export interface KnnRule {
  readonly classes: number;
  readonly k: number;
  readonly similarity: 'cosine' | 'euclidean';
  readonly vote: 'weighted' | 'majority';
  readonly temperature: number;
}

export interface NativeKnnClassifier {
  /**
   * The next rows that may be neighbours, in parts of any size: bits do not depend on them where each but the last has a
   * multiple of 1,024 rows.
   */
  add(bank: NativeFeatureBank): Promise<void>;
  /** Of the queries with a label, by all that was added; ERR_BYOL_VALUE before the first. */
  accuracy(): Promise<Accuracy>;
  dispose(): void;
}

export interface LinearProbeSpec {
  readonly features: number;
  readonly classes: number;
  readonly learningRates: readonly number[];
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  /** Logits x become clipped = alpha tanh(x / alpha), and the loss gains beta mean(clipped^2). */
  readonly logitRegularizer: { readonly alpha: number; readonly beta: number } | null;
  readonly seed: number;
  readonly device: string;
}

export interface NativeLinearProbe {
  /** `scale` multiplies every learning rate. */
  step(bank: NativeFeatureBank, rows: Int32Array, scale: number): Promise<void>;
  /**
   * Resolves with the seconds of the two matrix products of a step on so many rows, and of nothing else: what a step is measured by.
   */
  timeProducts(rows: number): Promise<number>;
  /** Mean loss of each classifier on the rows of the last step, before it; empty before the first. A device is waited for. */
  losses(): Promise<number[]>;
  evaluate(bank: NativeFeatureBank): Promise<Accuracy[]>;
  dispose(): void;
}

export interface LogisticRegressionSpec {
  readonly features: number;
  readonly classes: number;
  /** One class per row, or any number: each class against the rest, all in one pass. */
  readonly loss: 'softmax' | 'sigmoid';
  readonly device: string;
}

/** How far a logistic regression is. */
export interface LogisticFit {
  /** Of this call. */
  readonly iterations: number;
  /** The sum over rows of the loss + penalty / 2 * |W|^2. */
  readonly objective: number;
  /** The gradient's norm as a part of that at the start. */
  readonly gradientPart: number;
  /** 'gradient': that is within the tolerance; 'precision': rounding hides what more there is to gain. */
  readonly stopped: 'gradient' | 'precision' | 'iterations';
}

/** Classes of rows: labels[i] of row i, or with offsets labels[offsets[i]] to labels[offsets[i + 1] - 1]. */
export interface RowLabels {
  readonly labels: Int32Array;
  readonly offsets?: Int32Array | undefined;
}

/** L-BFGS on the sum over rows of the loss + penalty / 2 * |W|^2; biases have no penalty (logistic_regression.h). */
export interface NativeLogisticRegression {
  /**
   * More rows to learn from, before the first fit(). A sigmoid's have offsets; a softmax's have none, and those with a label below 0 are
   * left out. The bank must stay as it is; it may be disposed of.
   */
  add(bank: NativeFeatureBank, rows: Int32Array, targets: RowLabels): Promise<void>;
  /** At most so many iterations more, from where the last call ended, whatever its penalty was. */
  fit(options: {
    readonly penalty: number;
    readonly tolerance: number;
    readonly iterations: number;
  }): Promise<LogisticFit>;
  /** Logits of rows of a bank, row-major float32 [rows, classes]. */
  scores(bank: NativeFeatureBank, rows: Int32Array): Promise<Float32Array>;
  /** Row-major float32 [classes, features], and one bias for each class. */
  weights(): Promise<{ readonly weights: Float32Array; readonly biases: Float32Array }>;
  dispose(): void;
}

/** Of memory in bytes. */
export interface DeviceFacts {
  /** "NVIDIA H100 80GB HBM3", "AMD EPYC 9554 64-Core Processor" */
  readonly name: string;
  /** Compute capability, "9.0"; empty on the CPU. */
  readonly capability: string;
  /** Of the CPU its logical cores. */
  readonly multiprocessors: number;
  /** Versions of CUDA's driver and runtime; empty on the CPU. */
  readonly driver: string;
  readonly runtime: string;
  /** Of the CPU the machine's. */
  readonly totalMemory: number;
}

/** Bytes. */
export interface DeviceMemory {
  /** Of the CPU, what programs can still have. */
  readonly free: number;
  readonly total: number;
  /** The most that tensors held since the last call. Of the CPU: that this process held, code and all. */
  readonly peak: number;
}

/** What a device does at best, measured. */
export interface DeviceRates {
  /** Floating-point operations per second of a large matrix product; a multiplication and an addition are two. */
  readonly matrix: number;
  /** Bytes per second, read and written together, of a copy within its memory that no cache holds. */
  readonly copy: number;
}

/**
 * Floating-point operations of convolutions and matrix products, where a multiplication and an addition are two and padding
 * counts. Norms, the loss with its negatives, and the update are left out: they are bound by memory.
 */
export interface LearnerFlops {
  /** One view once through the online encoder, projector and predictor. */
  readonly forward: number;
  /** One view once through the target's encoder and projector; 0 where a step has no such passes. */
  readonly target: number;
  /** Of an optimiser step, for each of its images: all passes forward and backward. */
  readonly step: number;
}

export interface NativeModule {
  readonly apiVersion: number;
  info(): NativeInfo;
  /** Devices are 'cpu' or 'cuda:N'. */
  deviceFacts(device: string): Promise<DeviceFacts>;
  deviceMemory(device: string): Promise<DeviceMemory>;
  /** Takes about half a second, behind the commands that are queued. */
  deviceRates(device: string, precision: 'float32' | 'bfloat16'): Promise<DeviceRates>;
  /** Of views of this size, counted from the layers that the networks have. */
  learnerFlops(spec: LearnerSpec, height: number, width: number): LearnerFlops;
  /** The ByolError class, so that native failures are instances of it. Called once by the loader. */
  setErrorClass(errorClass: new (code: string, message: string) => Error): void;
  /**
   * Threads of LibTorch's CPU pool, in the whole process: 1 to 1024. Holds for the commands that are queued after it; those
   * before it keep theirs. ERR_BYOL_BUSY where it would change them while another worker computes.
   */
  setThreads(threads: number): void;
  /**
   * At most so many of these threads, 1 to 1024, for this worker's work from the next layer on: also within the step that is
   * in progress, which others may have made slow by taking the cores.
   */
  limitThreads(threads: number): void;
  /**
   * A file for what this machine computes fastest: training measures in its first step which form of each convolution that
   * is (library_convolution.h, unfolded_convolution.h), and forms round differently. With the file, runs of equal settings and
   * threads on one machine choose alike and give the same bits; without, only those of one process do for certain. Made
   * when there is something to write; where that cannot be, nothing is remembered. Deleted, for instance because what was
   * measured on a busy machine looks odd, it is made anew; runs go on with what their states hold. In the whole process.
   */
  rememberConvolutions(path: string): void;
  /**
   * A folder for kernels that were compiled for a card, a file for each source, card, compiler and driver. Without it, or
   * where it cannot be written, they are compiled anew by every process, which takes seconds. In the whole process.
   */
  keepKernels(folder: string): void;
  /** Stops accepting work, waits at most `milliseconds` for the command in progress. For process 'exit' handlers. */
  shutdown(milliseconds: number): void;
  ImageStore: ImageStoreClass;
  /** `threads`: 1 to 1024. */
  DecodePool: new (
    threads: number,
  ) => NativeDecodePool & Disposable;
  FeatureBank: new (count: number, dimension: number, device: string) => NativeFeatureBank & Disposable;
  Learner: new (spec: LearnerSpec) => NativeLearner & Disposable;
  Encoder: new (spec: NativeEncoderSpec) => NativeEncoder & Disposable;
  KnnClassifier: new (queries: NativeFeatureBank, rule: KnnRule) => NativeKnnClassifier & Disposable;
  LinearProbe: new (spec: LinearProbeSpec) => NativeLinearProbe & Disposable;
  LogisticRegression: new (spec: LogisticRegressionSpec) => NativeLogisticRegression & Disposable;
  /** Views as float32 [rows, height, width, 3] (NHWC); 'bfloat16' values are rounded as the network sees them. */
  executePlan(input: PlanInput): Promise<Float32Array>;
  /**
   * The same views, where a step would find them: in native memory, of which nothing reaches JavaScript. They are let go of. Resolves with
   * the seconds that they took; on a device those until the work was handed over.
   */
  timePlan(input: PlanInput): Promise<number>;
}

/** Views to compute: the rows of a plan, and which images they are of. */
export interface PlanInput {
  readonly images: NativeImageStore;
  readonly indices: Int32Array;
  readonly plan: Float32Array;
  readonly view: ViewSpec;
  /** 'reference' is the CPU's alone. */
  readonly executor: 'fused' | 'reference';
  readonly dtype: 'float32' | 'bfloat16';
  /** Of the CPU; 0: all. */
  readonly threads: number;
  readonly device: string;
}
