import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { Dataset, FilesSource } from '../../lib/data/dataset.js';
import { inferData } from '../../lib/data/infer.js';
import { readData } from '../../lib/data/kinds/index.js';
import { imagesNamedIn, type NamedImages } from '../../lib/data/name-list.js';
import { sharedData, withTempDir } from '../support/paths.js';
import { withPhotoFolder } from '../support/photos.js';

const locations = [
  '/d/train/n01/n01_1.JPEG',
  '/d/train/n01/n01_2.JPEG',
  '/d/train/n02/n02_1.JPEG',
  '/d/train/n02/0.JPEG',
  '/d/train/n03/0.JPEG',
];
const images = { count: locations.length, location: (image: number) => locations[image] as string };

function named(
  text: string,
  missingLimit?: number,
  of: Parameters<typeof imagesNamedIn>[1] = images,
): Promise<NamedImages> {
  return withTempDir(async (dir) => {
    const file = path.join(dir, '1percent.txt');
    writeFileSync(file, text);
    return imagesNamedIn(file, of, missingLimit);
  });
}

describe('a list of names', () => {
  test('finds images by the ends of their paths', async () => {
    const found = await named('# of ImageNet\nn02_1.JPEG\r\n\n n01/n01_1.JPEG\nn03\\0.JPEG\n./train/n02/0.JPEG');
    assert.deepEqual(found, { images: Int32Array.of(0, 2, 3, 4), missing: [] });
  });

  test('may name images that were left out, up to a limit', async () => {
    const { images: numbers, missing } = await named('n01_1.JPEG\n1_2.JPEG\nn02/n01_2.JPEG\nn01_2.JPEG\n', 0.5);
    assert.deepEqual(
      [[...numbers], missing],
      [
        [0, 1],
        ['1_2.JPEG', 'n02/n01_2.JPEG'],
      ],
    );
    await assert.rejects(named('n01_1.JPEG\na\nb\nc\nd\n', 0.5), {
      code: 'ERR_BYOL_DATA',
      message:
        /4 of the 5 images that .*1percent\.txt lists are not among these images, more than 0\.5 of all: a, b, c and 1 more/,
    });
    await assert.rejects(named('n01_1.JPEG\na\n'), { message: /more than 0\.05 of all: a\.$/ });
  });

  test('that is not clear is refused', async () => {
    const refused = (text: string, message: RegExp) => assert.rejects(named(text), { code: 'ERR_BYOL_DATA', message });
    await refused(
      'n01_1.JPEG\n0.JPEG\n',
      /lists 0\.JPEG, which 2 images are called: .*n02\/0\.JPEG, .*n03\/0\.JPEG\. Put their folders/,
    );
    await refused('n01_1.JPEG\nn01/n01_1.JPEG\n', /lists \/d\/train\/n01\/n01_1\.JPEG twice/);
    await refused('\n# nothing\n', /lists no images/);
    await assert.rejects(named('a\n', 1, { count: 3 }), { message: /the images are not in files/ });
    await assert.rejects(imagesNamedIn('/nowhere.txt', images), { message: /nowhere\.txt .*it does not exist/ });
  });

  const shared = sharedData('imagenette2-224');
  test(
    'of photos as they are published',
    { skip: shared === undefined ? 'needs ../shared/data/imagenette2-224' : false },
    () =>
      withPhotoFolder(async () => {
        const { train } = (await readData((await inferData(shared as string)).config)) as Dataset<FilesSource>;
        const split = { count: train.count, location: (image: number) => train.source.location(image) };
        const all = Array.from({ length: train.count }, (_, image) => path.basename(train.source.location(image)));
        const some = all.filter((_, image) => image % 7 === 3);
        const found = await named([...some].reverse().join('\n'), 0, split);
        assert.deepEqual(
          Array.from(found.images, (image) => all[image]),
          some,
        );
      }),
  );
});
