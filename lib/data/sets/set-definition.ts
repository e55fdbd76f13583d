import type { DatasetMetric, SplitName } from '../dataset.js';

/** A data set that results are published on: how its files lie as they are unpacked, and how the BYOL paper divides and measures it. */

/** An image as the lists of a set have it. */
export interface SetImage {
  /** Below the folder of images, with '/' between folders. */
  readonly path: string;
  /** The number of its class, or those of all of its classes; -1: unknown. */
  readonly label: number | readonly number[];
  readonly split: SplitName;
}

/** What the lists of a set say. */
export interface SetContents {
  readonly classNames: readonly string[];
  readonly images: readonly SetImage[];
  /** Sentences. */
  readonly notes?: readonly string[];
}

/**
 * Which training images become validation images where the set has none of its own: of every class so many; as many as it has test
 * images; or of all of them so many of so many, of every class the same part.
 */
export type HeldOut =
  | { readonly ofEachClass: number }
  | { readonly asTest: true }
  | { readonly images: number; readonly of: number };

/** Images of each split. */
export type SplitSizes = Readonly<Record<SplitName, number>>;

export interface SetDefinition {
  readonly title: string;
  readonly classes: number;
  /** Images are of any number of classes. */
  readonly several?: boolean;
  /** What its results are reported in; left out: top-1. */
  readonly metric?: DatasetMetric;
  /** As the set is divided with `val: 'paper'`. */
  readonly sizes: SplitSizes;
  /** Left out: the set has validation images of its own, or the paper has none. */
  readonly heldOut?: HeldOut;
  /** Most use it to pretrain on: a path of it is taken with all of its training images. */
  readonly toPretrainOn?: boolean;
  /** Where its folder may lie below a path that is given. Left out: the path is it. */
  readonly roots?: readonly string[];
  /** Files and folders that tell it, below its folder. */
  readonly marks: readonly string[];
  /** Whether a folder with its marks is this set, where others have them as well. */
  tells?(folder: string): Promise<boolean>;
  /** Below its folder, where all of its images lie; left out: there. */
  readonly images?: string;
  /**
   * Reads its lists. Throws ERR_BYOL_DATA for a list that is missing or damaged.
   *
   * @param folder of the set.
   * @param files below the folder of images, those that are called like images, ascending: for sets whose folders are their list.
   */
  read(folder: string, files: () => readonly string[]): Promise<SetContents>;
}
