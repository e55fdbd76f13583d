import type { ObjectiveSpec, StepInput } from '../../lib/binding/native.js';

/** BYOL's own objective, as the native learner takes it. */
export const byolObjective: ObjectiveSpec = {
  similarity: 'l2',
  target: 'ema',
  symmetric: true,
  scale: 1,
  jointStatistics: false,
  statisticsGroups: 1,
  negatives: null,
};

/** What a step of plain BYOL leaves alone. */
export const plainStep: Pick<StepInput, 'projectorRate' | 'predictorRate' | 'objectiveWeight' | 'supervisedLabels'> = {
  projectorRate: 1,
  predictorRate: 1,
  objectiveWeight: 1,
  supervisedLabels: null,
};
