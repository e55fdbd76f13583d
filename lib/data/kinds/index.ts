import { z } from 'zod';
import type { DeepReadonly } from '../../deep-readonly.js';
import { ByolError } from '../../errors.js';
import { checkOptions, listener, number, settings, text } from '../../text/options.js';
import { checkDataset } from '../check-dataset.js';
import { type DataKind, type DataSchema, nameOf, type OpenOptions } from '../data-kind.js';
import type { Dataset, ImageSource } from '../dataset.js';
import { limited, limitSetting } from '../limit.js';
import { cifar10 } from './cifar10.js';
import { cifar100 } from './cifar100.js';
import { custom } from './custom.js';
import { folder } from './folder.js';
import { list } from './list.js';
import { packed } from './packed.js';
import { parquet } from './parquet.js';
import { raw } from './raw.js';
import { set } from './set.js';
import { shapes } from './shapes.js';
import { shards } from './shards.js';
import { stl10 } from './stl10.js';
import { textures } from './textures.js';
import { tinyImagenet } from './tiny-imagenet.js';

/** In the order in which a path is shown to them: a folder that nobody else knows may be one of photos. */
const builtIn = [
  cifar10,
  cifar100,
  stl10,
  packed,
  raw,
  shapes,
  textures,
  set,
  tinyImagenet,
  parquet,
  shards,
  list,
  folder,
  custom,
] as const;

/**
 * Kinds that were registered, for the compiler. Your own file adds its settings:
 * `declare module 'byol-torch' { interface OwnDataKinds { mine: { kind: 'mine'; path: string } } }`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: others declare its members.
export interface OwnDataKinds {}

/** Which images: `kind` and its settings. */
export type DataConfig = DeepReadonly<
  z.infer<(typeof builtIn)[number]['schema']> | OwnDataKinds[keyof OwnDataKinds]
> & {
  /**
   * At most so many images of each split, of each class its share and always the same ones: to try what would take long with all. Left
   * out: all of them. Images that a script gives have no such setting.
   */
  readonly limit?: number | undefined;
};

let own: readonly DataKind[] = [];

/**
 * Adds a kind of data: configurations then take `data: { kind: 'mine', ... }`, and paths are recognized as of it before those of
 * this package. Throws ERR_BYOL_USAGE if there is a kind of its name, or something else than a kind is given.
 */
export function registerDataKind<Schema extends DataSchema>(kind: DataKind<Schema>): void {
  checkOptions<DataKind>('registerDataKind()', kind, {
    schema: {
      accepts: (schema) => schema instanceof z.ZodObject && schema.shape.kind instanceof z.ZodLiteral,
      expected: "z.strictObject({ kind: z.literal('mine'), ... }) of zod 4",
      required: true,
    },
    title: { ...text, required: true },
    defaults: { ...settings, required: true },
    classes: number,
    recognize: listener,
    open: { ...listener, required: true },
  });
  if ('limit' in kind.schema.shape) {
    throw new ByolError(
      'ERR_BYOL_USAGE',
      'registerDataKind(): every kind has a setting called limit; its own must be called otherwise.',
    );
  }
  const name = nameOf(kind);
  if (dataKinds().some((known) => nameOf(known) === name)) {
    throw new ByolError('ERR_BYOL_USAGE', `registerDataKind(): there is a kind of data called '${name}' already.`);
  }
  own = [...own, kind];
  union = undefined;
}

/** All kinds, registered ones first. */
export function dataKinds(): readonly DataKind[] {
  return [...own, ...builtIn];
}

let union: z.ZodType<DataConfig> | undefined;

/** Of the kinds that there are now: another one once a kind has been registered. */
export function dataSchema(): z.ZodType<DataConfig> {
  const [first, ...others] = builtIn;
  const schemas = [schemaOf(first), ...[...others, ...own].map(schemaOf)] as const;
  // Registered kinds are known to the compiler by what their files declare.
  union ??= z.discriminatedUnion('kind', [...schemas]) as unknown as z.ZodType<DataConfig>;
  return union;
}

/** What `data` may hold of this kind, with what every kind has. */
export function schemaOf({ schema }: DataKind): DataSchema {
  // A script gives its images whole.
  return schema === custom.schema ? schema : schema.extend({ limit: limitSetting });
}

/** Whether images are of a kind that was registered, which another process does not know. */
export function isRegisteredKind({ kind }: Pick<DataConfig, 'kind'>): boolean {
  return own.some((known) => nameOf(known) === kind);
}

export function dataKind({ kind }: Pick<DataConfig, 'kind'>): DataKind {
  const found = dataKinds().find((known) => nameOf(known) === kind);
  if (found !== undefined) return found;
  throw new ByolError('ERR_BYOL_CONFIG', `There is no kind of data called '${kind}'. There are: ${kindList()}.`);
}

/**
 * The images, in memory or in files that are yet to be read. Throws ERR_BYOL_DATA, naming the file, what was expected and what is
 * there.
 */
export async function readData(config: DataConfig, options: OpenOptions = {}): Promise<Dataset<ImageSource>> {
  const { limit, ...settings } = config;
  const data = await (dataKind(config).open ?? cannotOpen(config))(settings, options);
  checkDataset(data);
  return limit === undefined ? data : limited(data, limit);
}

/** Throws ERR_BYOL_DATA if this version cannot read data of this kind. */
export function requireReadable(config: DataConfig): void {
  if (dataKind(config).open === undefined) cannotOpen(config);
}

function cannotOpen(config: DataConfig): never {
  const place = 'path' in config ? ` (${config.path})` : '';
  throw new ByolError(
    'ERR_BYOL_DATA',
    `This version cannot read data.kind '${config.kind}', ${dataKind(config).title}${place}. There are: ${kindList()}.`,
  );
}

/** "'raw' (equally sized ...) and 'shapes' (generated)" */
function kindList(): string {
  const words = dataKinds()
    .filter(({ open }) => open !== undefined)
    .map((kind) => `'${nameOf(kind)}' (${kind.title})`);
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
