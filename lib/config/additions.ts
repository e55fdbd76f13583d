/**
 * Settings that came after the first ones, each with the value that does what was done before it was there. Configurations of
 * older runs, which lack them, are read with these values, and configHash() leaves them out where they have them: a setting
 * that is added later makes no finished result another experiment.
 */
export const additions = {
  epochBoundary: 'drop-last',
  deterministic: false,
  log: 'none',
  'optimizer.schedule': { kind: 'cosine' },
  'optimizer.predictorFirstEpochs': 0,
  'supervision.labelledPerBatch': null,
  'evaluation.transform': 'official',
  'evaluation.linear.augmentation': 'crop-flip',
  'evaluation.linear.logitRegularizer': null,
  'evaluation.knn.similarity': 'cosine',
  'evaluation.knn.vote': 'weighted',
  // Of kind 'folder', whose schema (data/kinds/folder.ts) has these defaults: before, it could be named but not read.
  'data.labels': 'auto',
  'data.brokenLimit': 0.05,
} as const;
