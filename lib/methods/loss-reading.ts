import { withKnownClasses } from '../config/classes.js';
import type { Config } from '../config/schema.js';

/** How to read the metric `loss` of a run: what it is, and where one starts that knows nothing. */
export interface LossReading {
  readonly title: string;
  /** Its value where predictions have nothing to do with what they should predict; null: there is no such value. */
  readonly chance: number | null;
}

type Objective = Pick<Config, 'data' | 'objective' | 'supervision' | 'projector' | 'batchSize'>;

/** Of the loss as it is recorded: summed over the directions, before objective.scale. */
export function readLoss(config: Objective): LossReading {
  const { supervision, objective, projector } = withKnownClasses(config);
  if (isSupervisedOnly(config)) {
    const chance = projector.output === 'classes' ? null : Math.log(projector.output);
    return { title: 'Cross-entropy of the labels', chance };
  }
  return {
    title: `${supervision === null ? 'Loss' : 'Consistency loss'}${hasNegatives(config) ? ' with negatives' : ''}`,
    chance: chanceOf(config, objective.symmetric ? 2 : 1),
  };
}

/** Whether the loss is 2 - 2cos (or the same of a correlation) and nothing else, which is read without further knowledge. */
export function isDistanceLoss(config: Objective): boolean {
  return hasUnitRows(config) && !hasNegatives(config) && config.supervision === null;
}

/** Labels only: the objective between views has no weight, and is not computed. */
export function isSupervisedOnly({ supervision }: Pick<Config, 'supervision'>): boolean {
  return supervision !== null && supervision.consistency === 0;
}

/**
 * Unrelated unit vectors have cosine 0: 2 for each direction. With negatives of weight 1 a direction is 2 + 2 alpha times a
 * cross-entropy over n candidates (appendix F.4), which is ln n by guessing.
 */
function chanceOf(config: Objective, directions: number): number | null {
  if (!hasUnitRows(config)) return null;
  const { negatives } = config.objective;
  if (!hasNegatives(config) || negatives === null) return 2 * directions;
  if (negatives.weight !== 1) return null;
  const candidates = negatives.kind === 'queue' ? 1 + negatives.size : 2 * config.batchSize - 1;
  return directions * (2 + 2 * negatives.temperature * Math.log(candidates));
}

/** Whether images are pushed apart. */
export function hasNegatives({ objective }: Pick<Config, 'objective'>): boolean {
  return objective.negatives !== null && objective.negatives.weight > 0;
}

/** Rows of length 1, at least on average. */
function hasUnitRows({ objective }: Objective): boolean {
  return ['l2', 'layer', 'batch'].includes(objective.similarity);
}
