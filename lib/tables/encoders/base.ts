import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Config } from '../../config/schema.js';
import { inferData } from '../../data/infer.js';
import { type DataConfig, dataSchema } from '../../data/kinds/index.js';
import { resolveConfig } from '../../methods/resolve.js';
import { count } from '../../text/format.js';
import type { ScaleName } from '../scales.js';
import type { EncoderTable } from './encoder-table.js';
import { type SetName, setNames, tableSet } from './sets.js';

/** On which images, and from which settings, the encoders of a table are trained and asked. */

/** A set of the table, or what stands for it. */
export interface PlacedSet {
  readonly name: SetName;
  /** null: its images are not there. */
  readonly config: DataConfig | null;
  /** What its numbers are of: "Food-101", "flowers17 in place of Oxford 102 Flowers"; of one that is not there, why not. */
  readonly text: string;
  /** Of a pretraining on it, where that differs from the base's. */
  readonly epochs?: number | undefined;
}

export interface EncoderBase {
  /** That the rows' methods and networks change. */
  readonly config: Config;
  readonly sets: ReadonlyMap<SetName, PlacedSet>;
  /** Names the folder beside those of other scales: records of other images are other records. */
  readonly folder: string;
  /** What was chosen, for the report. */
  readonly used: string;
}

/** Where images lie. */
export interface SetPlaces {
  /** At 'ci' a folder with samples of sets or what `byol data fetch` puts there, at the other scales the images that the paper trains with. */
  readonly data?: string | undefined;
  /** Of single sets, over everything else. */
  readonly dataOf?: Readonly<Partial<Record<SetName, string>>> | undefined;
}

/**
 * Of scale 'ci', with three seeds: encoders of a thousand photos in 100 s each on two cores, of generated images in 40 s. As
 * many steps as that allows; what is measured with them is above untrained networks in most columns.
 */
const ciRun = {
  onlineProbe: false,
  evaluation: { knn: { everyEpochs: 0 }, linear: { atEnd: false } },
} as const;
const ciEpochs = { generated: 5, photos: 40 } as const;

/** The scale's settings and sets. Throws ERR_BYOL_DATA for a path of the caller's with nothing that is known at it. */
export async function encoderBase(
  scale: ScaleName,
  { ciSettings = {}, ciLength = 1 }: Pick<EncoderTable, 'ciSettings' | 'ciLength'>,
  { data, dataOf = {} }: SetPlaces = {},
): Promise<EncoderBase> {
  // Whoever says where images of one set lie does not want others to be made up.
  const generated = scale === 'ci' && data === undefined && Object.keys(dataOf).length === 0;
  const place = async (name: SetName): Promise<PlacedSet> => {
    const own = dataOf[name];
    if (own !== undefined) return placed(name, own, `${tableSet(name).title} (${basename(own)})`);
    if (generated) return generatedSet(name);
    return scale === 'ci' ? sampleSet(name, data, ciLength) : realSet(name, name === 'imagenet' ? data : undefined);
  };
  const sets = new Map<SetName, PlacedSet>();
  for (const name of setNames) sets.set(name, await place(name));
  const { preset, patch } = startOf(scale, generated, ciLength);
  const start = resolveConfig({ preset, patch });
  const config = resolveConfig({ base: start, patch: scale === 'ci' ? ciSettings : {} });
  const used = `preset ${preset}${scale === 'ci' ? '' : ' as it is'}, ${config.epochs} epochs in batches of ${config.batchSize * config.accumulate}`;
  return { config, sets, folder: scale === 'ci' && !generated ? 'ci-photos' : scale, used };
}

function startOf(scale: ScaleName, generated: boolean, ciLength: number) {
  switch (scale) {
    case 'ci':
      return generated
        ? ({ preset: 'shapes', patch: { ...ciRun, epochs: Math.round(ciEpochs.generated * ciLength) } } as const)
        : ({ preset: 'photos-small', patch: { ...ciRun, epochs: Math.round(ciEpochs.photos * ciLength) } } as const);
    case 'card':
      return { preset: 'imagenette', patch: {} } as const;
    case 'paper':
      return { preset: 'imagenet-1000', patch: {} } as const;
  }
}

function generatedSet(name: SetName): PlacedSet {
  const { title, generated } = tableSet(name);
  if (generated === undefined) return absent(name, "no generated images stand for it at scale 'ci'");
  const { trainImages, size } = generated;
  return { name, config: generated, text: `${trainImages} generated images of ${size} pixels in place of ${title}` };
}

async function sampleSet(name: SetName, data: string | undefined, length: number): Promise<PlacedSet> {
  const { title, samples } = tableSet(name);
  if (samples === undefined) return absent(name, "no sample stands for it at scale 'ci'");
  const sample = data === undefined ? undefined : samples.find(({ folder }) => existsSync(join(data, folder)));
  if (data === undefined || sample === undefined) {
    const folders = samples.map(({ folder }) => folder).join(' or ');
    return absent(name, data === undefined ? `${folders} is not there` : `there is no ${folders} in ${data}`);
  }
  const { folder, settings, epochs } = sample;
  const limit = settings?.limit === undefined ? '' : `, at most ${count(settings.limit)} images of a split,`;
  const set = await placed(name, join(data, folder), `${folder}${limit} in place of ${title}`, settings);
  return { ...set, ...(epochs !== undefined && { epochs: Math.round(epochs * length) }) };
}

async function realSet(name: SetName, data: string | undefined): Promise<PlacedSet> {
  const { title, path: usual } = tableSet(name);
  const path = data ?? usual;
  return data === undefined && !existsSync(path) ? absent(name, `${path} is not there`) : placed(name, path, title);
}

async function placed(name: SetName, path: string, text: string, settings: object = {}): Promise<PlacedSet> {
  const { config } = await inferData(path);
  return { name, config: dataSchema().parse({ ...config, ...settings }), text };
}

function absent(name: SetName, why: string): PlacedSet {
  return { name, config: null, text: `${why}; its images: --data-of ${name}=PATH` };
}
