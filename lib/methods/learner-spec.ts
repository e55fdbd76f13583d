import type { LearnerSpec, NativeInfo, ObjectiveSpec } from '../binding/native.js';
import { projectorOutput } from '../config/classes.js';
import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';

/** BYOL (Grill et al. 2020): a run's configuration as the native learner's specification. */

/** What 'auto' became on this machine. */
export interface ResolvedDevice {
  /** 'cpu' or 'cuda:N'. */
  readonly device: string;
  readonly precision: 'float32' | 'bfloat16';
}

/** What decides; part of NativeInfo. */
export type DeviceInfo = Pick<NativeInfo, 'cpuBfloat16' | 'cudaBuilt' | 'cudaDevices' | 'cudaProblem'>;

/** Only 'auto' may choose the CPU: a GPU that was asked for and is not there is ERR_BYOL_CUDA_UNAVAILABLE. */
export function resolveDevice(asked: Config['device'], info: DeviceInfo): string {
  if (asked === 'cpu') return 'cpu';
  const problem = cudaProblem(info);
  if (asked === 'auto') return problem === null ? 'cuda:0' : 'cpu';
  const index = asked === 'cuda' ? 0 : Number(asked.slice('cuda:'.length));
  if (problem !== null) {
    throw new ByolError(
      'ERR_BYOL_CUDA_UNAVAILABLE',
      `device '${asked}' cannot be used: ${problem}. Use device 'cpu' or 'auto'.`,
    );
  }
  if (index >= info.cudaDevices) {
    const there =
      info.cudaDevices === 1
        ? 'is one GPU, cuda:0'
        : `are ${info.cudaDevices} GPUs, cuda:0 to cuda:${info.cudaDevices - 1}`;
    throw new ByolError('ERR_BYOL_CUDA_UNAVAILABLE', `device '${asked}' cannot be used: there ${there}.`);
  }
  return `cuda:${index}`;
}

/** 'auto' takes bfloat16 where the device gains from it: every GPU, and CPUs with instructions for it. */
export function resolvePrecision(
  asked: Config['precision'],
  device: string,
  info: Pick<NativeInfo, 'cpuBfloat16'>,
): 'float32' | 'bfloat16' {
  if (asked !== 'auto') return asked;
  return device !== 'cpu' || info.cpuBfloat16 ? 'bfloat16' : 'float32';
}

/** `classes`: of the training images, for the online classifier; 0 without labels. */
export function learnerSpec(config: Config, resolved: ResolvedDevice, classes: number): LearnerSpec {
  const { optimizer, supervision } = config;
  return {
    encoder: config.encoder,
    norm: config.norm,
    projector: { ...config.projector, output: projectorOutput(config) },
    predictor: config.predictor,
    objective: objectiveSpec(config),
    supervision: supervision && {
      labelSmoothing: supervision.labelSmoothing,
      target: supervision.consistency > 0,
      many: false,
    },
    targetInit: config.target.init,
    optimizer: {
      kind: optimizer.kind,
      momentum: optimizer.momentum,
      weightDecay: optimizer.weightDecay,
      nesterov: optimizer.kind === 'sgd' && optimizer.nesterov,
      trustCoefficient: optimizer.kind === 'lars' ? optimizer.trustCoefficient : 0,
      // The official LARS leaves biases and normalisation parameters out of decay and trust ratio.
      decayNormAndBias: optimizer.kind === 'sgd' && optimizer.decayNormAndBias,
    },
    classes: config.onlineProbe ? classes : 0,
    precision: resolved.precision,
    deterministic: config.deterministic,
    device: resolved.device,
    seed: config.seed,
  };
}

function objectiveSpec({ objective, target }: Config): ObjectiveSpec {
  const { statistics, ...rest } = objective;
  return { ...rest, target: target.mode, jointStatistics: statistics === 'joint' };
}

function cudaProblem(info: DeviceInfo): string | null {
  if (info.cudaProblem !== '') return info.cudaProblem.replace(/\.$/, '');
  if (!info.cudaBuilt) return 'this build of LibTorch has no CUDA';
  return info.cudaDevices === 0 ? 'no CUDA device was found' : null;
}
