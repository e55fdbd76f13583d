import { evaluationView } from '../augment/view-spec.js';
import { ImageOpener } from '../data/image-opener.js';
import type { ImageParts } from '../data/image-places.js';
import { ByolError } from '../errors.js';
import type { EvaluationProgress } from '../eval/context.js';
import { exploreNeighbourhood, MOST_IMAGES } from '../eval/neighbourhood.js';
import type { NeighboursPage } from '../report/neighbours-page.js';
import { neighboursPage } from '../run/neighbours-report.js';
import { count } from '../text/format.js';
import { availableCores } from '../train/available-cores.js';
import { type Encoder, withParts } from './encoder.js';

export interface ExploreEncoderOptions {
  readonly title: string;
  /** Of what is drawn, and of the untrained encoder's weights: its run's. */
  readonly seed: number;
  /** Whether its configuration is known, which an untrained one is made by. */
  readonly known: boolean;
  /** Images to look at, at most; 1,500 if left out. */
  readonly most?: number | undefined;
  /** Images whose neighbours are shown, where none are given. */
  readonly samples: number;
  /** Image files whose neighbours are shown. */
  readonly given: ImageParts | null;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: EvaluationProgress) => void) | undefined;
  readonly onBroken?: ((message: string) => void) | undefined;
}

/** What an encoder takes for similar, beside what it did before it was trained. Throws ERR_BYOL_DATA where there are too few images. */
export async function exploreEncoder(
  encoder: Encoder,
  images: ImageParts,
  { title, seed, known, most = MOST_IMAGES, samples, given, signal, onProgress, onBroken }: ExploreEncoderOptions,
): Promise<NeighboursPage> {
  const [part] = images.parts;
  if (part === undefined) throw new ByolError('ERR_BYOL_DATA', 'There are no images to look at.');
  return withParts(encoder, async ({ native, network, description, resolved, batchSize }) => {
    const opener = new ImageOpener(native, { threads: availableCores(), onBroken });
    const untrained = known ? new native.Encoder({ ...description, ...resolved, seed }) : null;
    try {
      const view = evaluationView(description.input);
      const which = part.split === null ? 'images' : `${part.split} images`;
      const asked = given?.parts[0];
      if (given !== null && asked === undefined) throw new ByolError('ERR_BYOL_DATA', 'None of the files is an image.');
      const found = await exploreNeighbourhood(
        { native, device: resolved.device, seed, signal, onProgress },
        {
          trained: { network, view, statistics: 'running', batchSize },
          untrained: untrained && { network: untrained, view, statistics: 'batch', batchSize },
          images: opener.open(part.images, which),
          most,
          given: asked === undefined ? null : opener.open(asked.images, 'given images'),
          samples,
        },
      );
      const others = images.parts.length - 1;
      return await neighboursPage(found, {
        title,
        which,
        classNames: images.classNames,
        nameOf: (image) => part.file(image),
        givenNames: Array.from({ length: asked?.images.count ?? 0 }, (_, i) => asked?.file(i) ?? ''),
        notes: [
          `By ${encoder.architecture}, ${count(encoder.features)} features, ${encoder.weights}.`,
          ...(others > 0 ? ['Only the first of several sets of images is looked at.'] : []),
          ...(untrained === null
            ? ['The file does not say how the encoder was set up, so there is no untrained one to compare with.']
            : [
                `The untrained encoder is the same network as it begins with seed ${seed}, with statistics of its batches.`,
              ]),
          ...(asked !== undefined && untrained !== null
            ? [
                'Images that were given are shown to the trained encoder alone: the other one needs statistics of a batch.',
              ]
            : []),
        ],
      });
    } finally {
      untrained?.dispose();
      opener.dispose();
    }
  });
}
