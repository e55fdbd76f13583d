import { type Neighbourhood, PICTURE_SIDE } from '../eval/neighbourhood.js';
import type { NeighboursColumn, NeighboursPage } from '../report/neighbours-page.js';
import { contactPicture, pictureAddress } from '../report/picture-address.js';
import { count } from '../text/format.js';

export interface NeighboursReportInput {
  readonly title: string;
  /** What the images are called: 'test images'. */
  readonly which: string;
  readonly classNames: readonly string[];
  /** Of the image with this number: its file; null: it is in none. */
  readonly nameOf: (image: number) => string | null;
  /** Of those that were given. */
  readonly givenNames: readonly string[];
  readonly notes: readonly string[];
}

/** What a neighbourhood is on a page. */
export async function neighboursPage(
  found: Neighbourhood,
  { title, which, classNames, nameOf, givenNames, notes }: NeighboursReportInput,
): Promise<NeighboursPage> {
  const { trained, untrained, samples, images, labels, pictures } = found;
  const inMap = images.length - found.given;
  const column = (name: string, of: typeof trained): NeighboursColumn => ({ title: name, ...of });
  const columns = [column('Trained', trained), ...(untrained === null ? [] : [column('Untrained', untrained)])];
  const rows = new Set<number>(samples);
  for (const row of samples) {
    for (const { k, indices } of columns) for (const other of indices.subarray(row * k, (row + 1) * k)) rows.add(other);
  }
  const bytes = PICTURE_SIDE ** 2 * 3;
  const addresses = new Map<number, string>();
  for (const row of rows) {
    const pixels = pictures.subarray(row * bytes, (row + 1) * bytes);
    addresses.set(row, await pictureAddress({ width: PICTURE_SIDE, height: PICTURE_SIDE, pixels }));
  }
  const sheet = contactPicture(pictures, { count: inMap, side: PICTURE_SIDE });
  const names = Array.from(images, (image, row) =>
    row < inMap ? (nameOf(image) ?? `image ${image}`) : (givenNames[image] ?? `image ${image}`),
  );
  const part =
    inMap < found.total
      ? `${count(inMap)} of ${count(found.total)} ${which}, evenly spread over all.`
      : `All ${count(inMap)} ${which}.`;
  return {
    title,
    notes: [part, ...notes],
    classNames,
    names: withoutCommonFolder(names),
    labels,
    samples,
    columns,
    chance: found.chance,
    pictures: addresses,
    sheet: { address: await pictureAddress(sheet.picture), side: sheet.side, columns: sheet.columns },
  };
}

/** What all begin with, up to a folder, says nothing of one. */
function withoutCommonFolder(names: readonly string[]): string[] {
  let common = names[0] ?? '';
  for (const name of names) while (common !== '' && !name.startsWith(common)) common = common.slice(0, -1);
  const length = common.lastIndexOf('/') + 1;
  return names.map((name) => name.slice(length));
}
