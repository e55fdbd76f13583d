import type { FilesSource, ImageSplit, Targets } from '../dataset.js';
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
