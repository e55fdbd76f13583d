/**
 * byol-torch: BYOL (Grill et al. 2020) for Node.js. Importing it is cheap; the native part is loaded by the first thing that computes.
 *
 * ```ts
 * import { train } from 'byol-torch';
 *
 * const run = train({ preset: 'cifar10-small', data: { path: 'data/cifar-10-batches-bin' }, epochs: 20 });
 * for await (const event of run) if (event.type === 'epoch') console.log(event.metrics);
 * const { knn } = await run.result;
 * ```
 *
 * @module API
 */

// Training: a run in a folder, what it tells and what comes of it.

export type { Accuracy, NativeFeatureBank, NativeImageStore } from './binding/native.js';
export type { MetricName } from './metrics/definitions.js';
export type { Metrics, StepValues } from './metrics/values.js';
export type * from './run/events.js';
export { planRun, type RunPlan, type RunPlanOptions } from './run/plan/plan-run.js';
export type { Trial } from './run/plan/trial.js';
export { type OnEvent, type Run, type TrainOptions, type TrainSettings, train } from './run/train.js';
export type { Verdict, VerdictState } from './train/verdict.js';

// Settings: presets, what goes over them, files.

export {
  type ConfigContext,
  type ConfigExport,
  type ConfigFile,
  defineConfig,
  loadConfigFile,
} from './config/config-file.js';
export { configHash } from './config/hash.js';
export type { ConfigPatch } from './config/layers.js';
export type { NormConfig } from './config/network.js';
export { type PresetName, presetNames, presets } from './config/presets/index.js';
export type {
  Config,
  EncoderConfig,
  EvaluationConfig,
  HeadConfig,
  ObjectiveConfig,
  OptimizerConfig,
  PredictorConfig,
  SupervisionConfig,
  TargetConfig,
  ViewsConfig,
} from './config/schema.js';
export { configWarnings } from './config/warnings.js';
export { configToYaml } from './config/yaml.js';
export { type ConfigSources, resolveConfig } from './methods/resolve.js';

// Encoders: representations of images with trained weights.

export type { Pixels } from './data/decode-image.js';
export { type EmbedDatasetOptions, embedDataset } from './encoder/embed-dataset.js';
export { type BrokenImage, type EmbedImagesOptions, embedImages, type ImageBatch } from './encoder/embed-images.js';
export {
  type EmbeddedFiles,
  type EmbedToFileOptions,
  type EmbedToFileProgress,
  embedToFile,
} from './encoder/embed-to-file.js';
export { Encoder, type RepresentationBatch, type Representations } from './encoder/encoder.js';
export type { EmbedAllOptions, EmbedOptions, EncoderOptions } from './encoder/encoder-options.js';
export {
  type ExportedEncoder,
  type ExportFormat,
  type ExportOptions,
  exportEncoder,
  exportFormats,
} from './encoder/export-encoder.js';
export type { ImageInput } from './encoder/image-inputs.js';
export { type Embeddings, writeEmbeddings } from './export/embeddings.js';
export {
  type EncoderDescription,
  type EncoderInput,
  type NetworkOptions,
  torchvisionWeights,
} from './export/encoder-description.js';
export type { EncoderNorm } from './export/infer-architecture.js';
export {
  readSafetensorsHeader,
  type SafetensorsHeader,
  type TensorInfo,
  type TensorType,
} from './export/safetensors.js';
export type { CheckpointFormat } from './import/checkpoint.js';
export type { EncoderOrigin } from './import/foreign-encoder.js';
export { type ImportedEncoder, type ImportOptions, importEncoder } from './import/import-encoder.js';
export type { Branch } from './import/networks/choose-network.js';
export type { NamingName } from './import/networks/naming.js';

// Images of your own, and kinds of data.

export {
  type DataKind,
  type DataSchema,
  defineDataKind,
  type OpenOptions,
  type OpenProgress,
  type Place,
  type Recognized,
} from './data/data-kind.js';
export type {
  BrokenFile,
  ClassTargets,
  Dataset,
  FilePlace,
  FilesSource,
  ImageSizes,
  ImageSource,
  ImageSplit,
  ManyLabelTargets,
  MemorySource,
  PackedSource,
  SplitName,
  Targets,
} from './data/dataset.js';
export {
  type DatasetArrays,
  type DatasetNames,
  datasetFromArrays,
  type GivenSizes,
  type ImageArrays,
  type Labels,
} from './data/from-arrays.js';
export { datasetFromIterable, type GivenImage, type GivenImages, type IterableOptions } from './data/from-iterable.js';
export type { ImageFormat } from './data/headers/header.js';
export { type InferredData, inferData } from './data/infer.js';
export { type DataConfig, type OwnDataKinds, readData, registerDataKind } from './data/kinds/index.js';

// Training by hand: step by step, without a folder.

export { Learning, type LearningOptions, type LearningStepsOptions, openLearning } from './train/learning.js';
export type { StepsPause, StepsReading } from './train/steps.js';

// Evaluation: protocols, of an encoder or of a run, and your own.

export type { Images } from './data/images.js';
export { type EvaluateEncoderOptions, evaluateEncoder } from './encoder/evaluate-encoder.js';
export type { CenterCropBank, CenterCropFeatures } from './eval/center-crop-features.js';
export type { EvaluationContext, EvaluationProgress } from './eval/context.js';
export type { Evaluation } from './eval/evaluate.js';
export type { EvaluationData } from './eval/evaluation-data.js';
export type { FrozenEncoder } from './eval/frozen-encoder.js';
export { type LinearSettings, linearRecipes } from './eval/linear-settings.js';
export { defineProtocol, type Protocol, type ProtocolInput, type ProtocolResult } from './eval/protocol.js';
export type { FineTuneEvaluation, FineTuneSettings, TunedPoint } from './eval/protocols/fine-tune.js';
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
export type { LogisticEvaluation, LogisticSettings } from './eval/protocols/logistic.js';
export type { Environment } from './run/environment.js';
export { type EmbedRunOptions, embedRun } from './run/run-embedding.js';
export { type EvaluateRunOptions, evaluateRun, type RunEvaluation } from './run/run-evaluation.js';
export { type MetricsRow, readRunMetrics, writeMetricsCsv, writeTensorboard } from './run/run-metrics.js';

// Methods beside BYOL, and your own.

export { type MethodName, methodDefinitions, methodNames, methods, registerMethod } from './methods/index.js';
export type { Method, MethodDefinition } from './methods/method.js';

// Augmentation alone.

export { type Operation, officialViews, type Pipeline } from './augment/pipeline.js';
export { type DrawOptions, drawPlan, PLAN_WIDTH, type PlanColumn, planColumns } from './augment/plan.js';

// Published numbers: of the presets here, and of the papers' tables.

export { type Distribution, findRecord, type PresetRecord, presetRecords, type RecordMatch } from './config/records.js';
export type { ByMeasure, Claim } from './tables/claims.js';
export type { CellClaim, CellName } from './tables/encoders/cell-claims.js';
export type { ColumnMeasure, EncoderRow, EncoderTable, RowEncoder } from './tables/encoders/encoder-table.js';
export { isEncoderTable } from './tables/encoders/encoder-table.js';
export { type EncoderPlan, type EncoderPlanOptions, planEncoderTable } from './tables/encoders/plan.js';
export type { EncoderTableReport } from './tables/encoders/report.js';
export {
  type EncoderTableEvent,
  type EncoderTableOutcome,
  type RunEncoderTableOptions,
  runEncoderTable,
} from './tables/encoders/run-encoder-table.js';
export { findTable } from './tables/find-table.js';
export type { Jobs } from './tables/jobs.js';
export type { AccuracyMeasure, Measure } from './tables/judging/measures.js';
export { type PlanOptions, planTable, type TablePlan } from './tables/plan.js';
export { tables } from './tables/published/index.js';
export type { TableReport } from './tables/report.js';
export { type RunTableOptions, runTable, type TableEvent, type TableOutcome } from './tables/run-table.js';
export type { Figure, PublishedNumber, Row, Table } from './tables/table.js';
export { readTableFile } from './tables/table-file.js';

// Errors, and which version this is.

export { VERSION } from './binding/package-root.js';
export { ByolError, type ByolErrorOptions, type ErrorCode, errorCodes } from './errors.js';
