import { evaluationView } from '../augment/view-spec.js';
import { exploreNeighbourhood } from '../eval/neighbourhood.js';
import { describeConfig } from '../export/encoder-description.js';
import { writeAtomically } from '../files/atomic-file.js';
import { neighboursSummary, renderNeighboursPage } from '../report/neighbours-page.js';
import type { TrainingResources } from '../train/resources.js';
import { neighboursPage } from './neighbours-report.js';
import type { RunFolder } from './run-folder.js';

/** Two passes over so many images take less than a thousandth of any training, and their map takes a second. */
const MOST_IMAGES = 1000;
const SAMPLES = 12;

export interface RunNeighboursInput {
  readonly folder: RunFolder;
  readonly resources: TrainingResources;
  /** The promise then rejects with its reason. */
  readonly stop: AbortSignal;
  readonly warn: (message: string) => void;
}

/**
 * neighbours.html of a run with photos: of its test images, or those it was trained with. Returns what its report says of it; null: there
 * is none, since the images are no photos (byol neighbours makes one of any), or with a warning. The page is for people: that it cannot
 * be made ends no run.
 */
export async function writeRunNeighbours({
  folder,
  resources,
  stop,
  warn,
}: RunNeighboursInput): Promise<string | null> {
  const { native, learner, resolved, config, classNames, test, train } = resources;
  const images = test ?? train;
  if (images.location === undefined) return null;
  try {
    const view = evaluationView({ ...config.views, transform: config.evaluation.transform });
    const { batchSize } = config.evaluation;
    const untrained = new native.Encoder({ ...describeConfig(config), ...resolved, seed: config.seed });
    try {
      const found = await exploreNeighbourhood(
        { native, device: resolved.device, seed: config.seed, signal: stop },
        {
          trained: { network: learner, view, statistics: 'running', batchSize },
          untrained: { network: untrained, view, statistics: 'batch', batchSize },
          images,
          most: MOST_IMAGES,
          given: null,
          samples: SAMPLES,
        },
      );
      const page = await neighboursPage(found, {
        title: `Neighbours: ${config.preset ?? config.data.kind}`,
        which: test === null ? 'training images' : 'test images',
        classNames,
        nameOf: (image) => images.location?.(image) ?? null,
        givenNames: [],
        notes: [`The untrained encoder is the same network as it begins with seed ${config.seed}.`],
      });
      await writeAtomically(folder.neighbours, renderNeighboursPage(page));
      return neighboursSummary(page) ?? 'Nearest images and a map, beside those of the untrained encoder.';
    } finally {
      untrained.dispose();
    }
  } catch (error) {
    if (stop.aborted) throw error;
    warn(`There is no page about neighbours. ${(error as Error).message}`);
    return null;
  }
}
