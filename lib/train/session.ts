import { loadNative } from '../binding/load.js';
import type { NativeInfo, NativeLearner, NativeModule } from '../binding/native.js';
import type { Config } from '../config/schema.js';
import type { ImageArray } from '../data/dataset.js';
import { makeStore, readData } from '../data/open.js';
import { Sampler } from '../data/sampler.js';
import type { LabelledImages } from '../eval/subject.js';
import { learnerSpec, type ResolvedDevice, resolveDevice, resolvePrecision } from '../methods/byol.js';
import { makeSchedule, type Schedule } from './schedules.js';

/** Everything in native memory that a run works with, opened together and disposed of together. */
export interface Session {
  readonly native: NativeModule;
  readonly info: NativeInfo;
  readonly config: Config;
  readonly resolved: ResolvedDevice;
  readonly learner: NativeLearner;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  readonly classNames: readonly string[];
  readonly sampler: Sampler;
  readonly schedule: Schedule;
  dispose(): void;
}

/** Throws before anything is computed: ERR_BYOL_DATA, ERR_BYOL_CUDA_UNAVAILABLE, or why the addon cannot be loaded. */
export async function openSession(config: Config): Promise<Session> {
  const native = loadNative();
  native.setThreads(config.threads);
  const info = { ...native.info(), threads: config.threads === 0 ? native.info().threads : config.threads };
  const device = resolveDevice(config.device, info);
  const resolved = { device, precision: resolvePrecision(config.precision, device, info) };

  const data = await readData(config.data);
  const sampler = new Sampler(data.train.count, config.batchSize, config.accumulate, config.seed);
  const resources: Array<{ dispose(): void }> = [];
  const keep = <T extends { dispose(): void }>(resource: T): T => {
    resources.push(resource);
    return resource;
  };
  const images = (array: ImageArray): LabelledImages => ({
    store: keep(makeStore(native, array)),
    labels: array.labels,
  });
  const dispose = (): void => {
    for (const resource of resources.splice(0)) resource.dispose();
  };
  try {
    return {
      native,
      info,
      config,
      resolved,
      train: images(data.train),
      test: images(data.test),
      classNames: data.classNames,
      learner: keep(new native.Learner(learnerSpec(config, resolved, data.classNames.length))),
      sampler,
      schedule: makeSchedule(config, sampler.stepsPerEpoch),
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}
