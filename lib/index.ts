/**
 * byol-torch: BYOL (Grill et al. 2020) for Node.js. Importing it is cheap; the native part is loaded by the first run.
 *
 * ```ts
 * import { train } from 'byol-torch';
 *
 * const run = train({ preset: 'cifar10-small', data: { path: 'data/cifar-10-batches-bin' }, epochs: 20 });
 * for await (const event of run) if (event.type === 'epoch') console.log(event.metrics);
 * const { knn } = await run.result;
 * ```
 */

export { type Operation, officialViews, type Pipeline } from './augment/pipeline.js';
export type { Accuracy } from './binding/native.js';
export { type ConfigContext, type ConfigExport, defineConfig, loadConfigFile } from './config/config-file.js';
export { configHash } from './config/hash.js';
export type { ConfigPatch } from './config/layers.js';
export { type PresetName, presetNames, presets } from './config/presets/index.js';
export {
  type Distribution as Spread,
  findRecord,
  type PresetRecord,
  presetRecords,
  type RecordMatch,
} from './config/records.js';
export type { Config, EncoderConfig, HeadConfig, OptimizerConfig } from './config/schema.js';
export { configWarnings } from './config/warnings.js';
export { configToYaml } from './config/yaml.js';
export { type DataKind, type DataSchema, defineDataKind, type Place, type Recognized } from './data/data-kind.js';
export type {
  ClassTargets,
  Dataset,
  ImageSizes,
  ImageSource,
  ImageSplit,
  ManyLabelTargets,
  MemorySource,
  Targets,
} from './data/dataset.js';
export type { Pixels } from './data/decode-image.js';
export {
  type DatasetArrays,
  type DatasetNames,
  datasetFromArrays,
  type GivenSizes,
  type ImageArrays,
  type Labels,
} from './data/from-arrays.js';
export { datasetFromIterable, type GivenImage, type GivenImages, type IterableOptions } from './data/from-iterable.js';
export { type InferredData, inferData } from './data/infer.js';
export { type DataConfig, type OwnDataKinds, registerDataKind } from './data/kinds/index.js';
export { Encoder, type RepresentationBatch, type Representations } from './encoder/encoder.js';
export type { EmbedAllOptions, EmbedOptions, EncoderOptions } from './encoder/encoder-options.js';
export { type EvaluateEncoderOptions, evaluateEncoder } from './encoder/evaluate-encoder.js';
export type { ImageInput } from './encoder/image-inputs.js';
export { ByolError } from './errors.js';
export type { EvaluationContext, EvaluationProgress } from './eval/context.js';
export type { Evaluation } from './eval/evaluate.js';
export type { EvaluationData } from './eval/evaluation-data.js';
export type { FrozenEncoder } from './eval/frozen-encoder.js';
export { defineProtocol, type Protocol, type ProtocolInput, type ProtocolResult } from './eval/protocol.js';
export {
  type OwnProtocols,
  type ProtocolName,
  protocols,
  type ResultOf,
  registerProtocol,
  type SettingsOf,
} from './eval/protocols/index.js';
export type { KnnEvaluation } from './eval/protocols/knn.js';
export type { LinearEvaluation } from './eval/protocols/linear.js';
export { type Embeddings, writeEmbeddings } from './export/embeddings.js';
export { type NetworkOptions, torchvisionWeights } from './export/encoder-description.js';
export { type MethodName, methodDefinitions, methodNames, methods, registerMethod } from './methods/index.js';
export type { Method, MethodDefinition } from './methods/method.js';
export { type ConfigSources, resolveConfig } from './methods/resolve.js';
export type { MetricName } from './metrics/definitions.js';
export type { Metrics, StepValues } from './metrics/values.js';
export type {
  Baseline,
  CheckpointEvent,
  EndEvent,
  EpochEvent,
  LinearResult,
  PhaseEvent,
  RunResult,
  StartEvent,
  StepEvent,
  TrainEvent,
  UntrainedEvent,
  WarningEvent,
} from './run/events.js';
export { type EmbedRunOptions, embedRun } from './run/run-embedding.js';
export { type EvaluateRunOptions, evaluateRun, type RunEvaluation } from './run/run-evaluation.js';
export { type MetricsRow, readRunMetrics, writeMetricsCsv, writeTensorboard } from './run/run-metrics.js';
export { type Run, type TrainOptions, type TrainSettings, train } from './run/train.js';
export { Learning, type LearningOptions, type LearningStepsOptions, openLearning } from './train/learning.js';
export type { StepsPause, StepsReading } from './train/steps.js';
export type { Verdict, VerdictState } from './train/verdict.js';
