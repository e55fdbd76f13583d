import { loadNative } from '../binding/load.js';
import type { NativeInfo, NativeLearner, NativeModule } from '../binding/native.js';
import { withClasses } from '../config/classes.js';
import type { Config } from '../config/schema.js';
import type { OpenProgress } from '../data/data-kind.js';
import { type DataRecord, describeData } from '../data/data-record.js';
import { classLabels, type Dataset, type ImageSource, splitTitles } from '../data/dataset.js';
import type { GivenData } from '../data/given-data.js';
import { ImageOpener } from '../data/image-opener.js';
import type { Images } from '../data/images.js';
import { readData } from '../data/kinds/index.js';
import { labelledPart } from '../data/labelled-part.js';
import { MixedSampler } from '../data/mixed-sampler.js';
import { Sampler, type StepSampler } from '../data/sampler.js';
import { ByolError } from '../errors.js';
import { checkObjective, labelledRowsOf } from '../methods/check.js';
import { learnerSpec, type ResolvedDevice, resolveDevice, resolvePrecision } from '../methods/learner-spec.js';
import { availableCores } from './available-cores.js';
import { makeSchedule, type Schedule } from './schedules.js';
import { type Threads, useThreads } from './threads.js';

/** Everything in native memory that a run works with, opened together and disposed of together. */
export interface TrainingResources {
  readonly native: NativeModule;
  readonly info: NativeInfo;
  /** With the number of classes where `projector.output` asks for it. */
  readonly config: Config;
  readonly resolved: ResolvedDevice;
  readonly threads: Threads;
  readonly learner: NativeLearner;
  /** Floating-point operations of an optimiser step: see LearnerFlops in binding/native.ts. */
  readonly flop: number;
  readonly train: Images;
  /** What evaluations choose by, as whoever made the data set divided it; null: there are none. */
  readonly val: Images | null;
  /** null: there are none. */
  readonly test: Images | null;
  readonly classNames: readonly string[];
  /** What to know of the images: what was left out, what was taken for what. */
  readonly notes: readonly string[];
  /** Of every training image, -1 where supervision may not use it; null without supervision. */
  readonly supervisedLabels: Int32Array | null;
  /** Which images these are. */
  readonly record: DataRecord;
  readonly sampler: StepSampler;
  readonly schedule: Schedule;
  dispose(): void;
}

export interface ResourceOptions {
  /** Images in place of those of the configuration, whose `data` says which they are. */
  readonly given?: GivenData | undefined;
  /** See useThreads(). */
  readonly onThreads?: (threads: number, most: number) => void;
  /** Photos are being found. */
  readonly onReading?: (progress: OpenProgress) => void;
  /** Told of every photo that turns out to be broken: a sentence. */
  readonly onBroken?: ((message: string) => void) | undefined;
  /** Aborted while they are: it ends with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * `asked` is a checked configuration. Throws before anything is computed: ERR_BYOL_DATA,
 * ERR_BYOL_CUDA_UNAVAILABLE, or why the addon cannot be loaded.
 */
export async function openResources(
  asked: Config,
  { given, onThreads, onReading, onBroken, signal }: ResourceOptions = {},
): Promise<TrainingResources> {
  const native = loadNative();
  const device = resolveDevice(asked.device, native.info());
  const resolved = { device, precision: resolvePrecision(asked.precision, device, native.info()) };

  const data = given?.data ?? (await readData(asked.data, { onProgress: onReading, signal }));
  const config = withClasses(asked, data.classNames.length);
  checkObjective(config);
  const supervisedLabels = await labelsFor(config, data);
  const sampler = await makeSampler(config, data, supervisedLabels);
  const record = given?.record ?? (await describeData(data));
  const resources: Array<{ dispose(): void }> = [];
  const keep = <T extends { dispose(): void }>(resource: T): T => {
    resources.push(resource);
    return resource;
  };
  const dispose = (): void => {
    for (const resource of resources.splice(0)) resource.dispose();
  };
  try {
    const threads = keep(useThreads(native, config, onThreads));
    // Read by cuBLAS at its first use in the process.
    if (config.deterministic) process.env.CUBLAS_WORKSPACE_CONFIG ??= ':4096:8';
    // Beside a card the processor has nothing else to do.
    const decoding = device === 'cpu' ? threads.most : availableCores();
    // As much of it as a store may have that stays there (core/data/device_images.h).
    const residentBytes = device === 'cpu' ? 0 : (await native.deviceMemory(device)).free / 4;
    const opener = keep(new ImageOpener(native, { threads: decoding, onBroken, residentBytes }));
    const spec = learnerSpec(config, resolved, classesOf(data.train, data.classNames));
    const learner = keep(new native.Learner(spec));
    // It is made behind the call: a network that does not fit into memory is to be heard of before the run has a folder.
    await learner.stepCount;
    return {
      native,
      info: { ...native.info(), threads: threads.most },
      config,
      resolved,
      threads,
      train: opener.open(data.train, splitTitles.train),
      val: data.val === undefined ? null : opener.open(data.val, splitTitles.val),
      test: data.test === undefined ? null : opener.open(data.test, splitTitles.test),
      classNames: data.classNames,
      notes: data.notes ?? [],
      supervisedLabels,
      record,
      learner,
      flop: sampler.rows * native.learnerFlops(spec, config.views.size, config.views.size).step,
      sampler,
      schedule: makeSchedule(config, sampler.epochs),
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The labels that supervision may use. Throws where there are none, or the projector's outputs are not the classes. */
async function labelsFor(
  { supervision, projector, seed }: Config,
  { train, classNames }: Dataset<ImageSource>,
): Promise<Int32Array | null> {
  if (supervision === null) return null;
  const labels = classLabels(train.targets);
  if (labels === null) {
    const found = train.targets === null ? 'have no labels' : 'have several labels each';
    throw new ByolError(
      'ERR_BYOL_DATA',
      `Supervision needs one label for each image, but the training images ${found}.`,
    );
  }
  if (projector.output !== classNames.length) {
    throw new ByolError(
      'ERR_BYOL_CONFIG',
      `With supervision the projector's outputs are class scores: projector.output must be ${classNames.length}, the number of classes, not ${projector.output}.`,
    );
  }
  return labelledPart(labels, supervision.labelFraction, seed);
}

async function makeSampler(
  config: Config,
  data: Dataset<ImageSource>,
  labels: Int32Array | null,
): Promise<StepSampler> {
  const labelledRows = labelledRowsOf(config);
  if (labels === null || labelledRows === null) {
    return new Sampler(data.train.count, config);
  }
  return MixedSampler.make({ ...config, labels, labelledRows });
}

/** Of the online classifier: 0 where there are no labels to train it with. */
export function classesOf({ targets }: Pick<Images, 'targets'>, classNames: readonly string[]): number {
  return classLabels(targets) === null ? 0 : classNames.length;
}
