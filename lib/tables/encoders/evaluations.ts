import type { Config } from '../../config/schema.js';
import type { ScaleName } from '../scales.js';

/** What is asked of encoders in tables: a protocol with its settings at a scale. */
export interface TableEvaluation {
  /** For a reader of the report. */
  readonly title: string;
  /** The same in a word, before an encoder's name. */
  readonly short: string;
  readonly protocol: string;
  /** Over the protocol's defaults. `base`: the scale's pretraining, whose own evaluation settings fit its images. */
  settings(scale: ScaleName, base: Config): object;
}

export const tableEvaluations = {
  linear: {
    title: 'a linear classifier on frozen features (paper C.1)',
    short: 'linear',
    protocol: 'linear',
    settings: (_scale, base) => base.evaluation.linear,
  },
} as const satisfies Readonly<Record<string, TableEvaluation>>;

/** 'linear', 'fine-tune-10', ... */
export type EvaluationName = keyof typeof tableEvaluations;

export function tableEvaluation(name: EvaluationName): TableEvaluation {
  return tableEvaluations[name];
}
