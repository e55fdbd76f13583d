import { z } from 'zod';
import type { DeepReadonly } from '../deep-readonly.js';
import type { Dataset, ImageSource } from './dataset.js';

/** Settings that say which images: `kind` is always among them. */
export type DataSchema = z.ZodObject<{ kind: z.ZodLiteral<string> }>;

/** What lies at a path. */
export interface Place {
  readonly path: string;
  readonly type: 'file' | 'folder';
  /** Names of what is directly in a folder; none in a file. */
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** What a path says of the data that are there. */
export interface Recognized<Settings> {
  /** Beside `kind`: where the files lie, and what else shows. */
  readonly settings: Settings;
  /** The longer side of the images in pixels, where it shows without reading them: a preset is chosen by it. */
  readonly side?: number;
  /** What it is, in a few words, where the kind has several such. */
  readonly title?: string;
}

/** How far the opening of a data set is. */
export interface OpenProgress {
  /** 'listing', or which images are read. */
  readonly phase: string;
  readonly done: number;
  /** null: not known yet. */
  readonly total: number | null;
}

/** What opening a data set may be asked beside its settings. */
export interface OpenOptions {
  /** Called often. */
  readonly onProgress?: ((progress: OpenProgress) => void) | undefined;
  /** Aborted: the opening ends with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** One kind of data: what `data.kind` may be, how it is set and how it is opened. */
export interface DataKind<Schema extends DataSchema = DataSchema> {
  /**
   * What `data` holds: z.strictObject({ kind: z.literal('mine'), ... }), of zod 4. A setting called `path` says where the files lie:
   * it is made absolute, and a run goes on if the same images lie elsewhere.
   */
  readonly schema: Schema;
  /** For messages, in a few words. */
  readonly title: string;
  /** What settings start from where this kind is chosen in place of another. Where files lie has no default. */
  readonly defaults: Partial<DeepReadonly<z.infer<Schema>>>;
  /** Of every data set of this kind, where that is known before one is opened. */
  readonly classes?: number;
  /** The settings of what lies at a path; null: that is not of this kind. Left out: paths do not tell this kind. */
  recognize?(place: Place): Promise<Recognized<Omit<z.infer<Schema>, 'kind'>> | null>;
  /**
   * Reads or makes the images, or finds their files: what a source of files has is read later. Throws ERR_BYOL_DATA, naming the file,
   * what was expected and what is there. Left out: this version cannot yet.
   */
  open?(config: DeepReadonly<z.infer<Schema>>, options?: OpenOptions): Promise<Dataset<ImageSource>>;
}

/** Where the files lie. It is made absolute, and a run goes on where the same images lie elsewhere. */
export const dataPath = z.string().min(1);

/** Gives a kind its types; returns what it is given. */
export function defineDataKind<Schema extends DataSchema>(kind: DataKind<Schema>): DataKind<Schema> {
  return kind;
}

/** The value of `data.kind`. */
export function nameOf({ schema }: DataKind): string {
  return schema.shape.kind.value;
}
