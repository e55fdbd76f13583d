import type { Dataset, FilesSource, ImageSplit, SplitName, Targets } from '../dataset.js';
import type { FileTable } from './file-table.js';
import { FolderFiles } from './folder-files.js';

/** What a split of photos is made of. */
export interface PhotoSplit {
  /** Where the files of the table lie. */
  readonly folder: string;
  readonly table: FileTable;
  /** Of usable images, in their order. */
  readonly rows: Int32Array;
  /** One class of each, -1 where unknown; null: none. */
  readonly labels: Int32Array | null;
  readonly brokenLimit: number;
}

export function photoSplit({ folder, table, rows, labels, brokenLimit }: PhotoSplit): ImageSplit<FilesSource> {
  const source = new FolderFiles(folder, table, rows, brokenLimit);
  const targets: Targets | null = labels?.some((label) => label >= 0) ? { kind: 'class', labels } : null;
  return { count: rows.length, source, targets };
}

/**
 * Which split is measured with: `test`, or `val` where that is what there is with labels. ImageNet's and Imagenette's published
 * numbers are of the images that these sets call val.
 */
export function measuredSplits(
  train: ImageSplit<FilesSource>,
  val: ImageSplit<FilesSource> | undefined,
  test: ImageSplit<FilesSource> | undefined,
): Pick<Dataset<FilesSource>, SplitName> {
  if (val === undefined || (test !== undefined && (test.targets !== null || val.targets === null))) {
    return { train, ...(val && { val }), ...(test && { test }) };
  }
  return { train, test: val };
}
