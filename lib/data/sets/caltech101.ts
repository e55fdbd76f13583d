import { drawOfEachClass } from './hold-out.js';
import type { SetDefinition, SplitSizes } from './set-definition.js';
import { type NamedImage, namedContents } from './set-lists.js';

const BACKGROUND = 'BACKGROUND_Google';
/** Images of each class to train and validate with; the others are to test. */
const LEARNED = 30;
const HELD_OUT = 5;

/** Fei-Fei et al., "Learning generative visual models from few training examples", 2004: a folder of images for each class, and no lists. */
export const caltech101 = caltech('Caltech-101', 101, { train: 2525, val: 505, test: 5647 });

/**
 * The same with BACKGROUND_Google, which is no object, as a class: the sizes of the paper's table (2,550, 510 and 6,084) are those of 102 classes, though it says
 * 101.
 */
export const caltech101Background = caltech('Caltech-101 with its background class', 102, {
  train: 2550,
  val: 510,
  test: 6084,
});

/** As Donahue et al., "DeCAF", ICML 2014: of every class 30 images drawn to learn from (25, and 5 to validate with), the rest to test. */
function caltech(title: string, classes: number, sizes: SplitSizes): SetDefinition {
  return {
    title,
    classes,
    metric: 'mean-per-class',
    sizes,
    heldOut: { ofEachClass: HELD_OUT },
    roots: ['', '101_ObjectCategories', 'caltech-101/101_ObjectCategories'],
    marks: ['Faces_easy', 'Leopards', 'accordion', 'yin_yang'],
    async read(_folder, files) {
      const named = files().flatMap((path): NamedImage[] => {
        const [name = '', image, ...deeper] = path.split('/');
        const isOfSet = image !== undefined && deeper.length === 0 && (classes > 101 || name !== BACKGROUND);
        return isOfSet ? [{ path, name, split: 'test' }] : [];
      });
      const contents = namedContents(named);
      const labels = Int32Array.from(contents.images, ({ label }) => Number(label));
      const learned = await drawOfEachClass(labels, 'learned', (size) =>
        size > LEARNED ? LEARNED : Math.floor(size / 2),
      );
      const images = contents.images.map((image, i) =>
        learned[i] === 1 ? ({ ...image, split: 'train' } as const) : image,
      );
      return { ...contents, images };
    },
  };
}
