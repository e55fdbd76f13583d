import { additions } from '../config/additions.js';
import type { ConfigPatch, Settings } from '../config/layers.js';
import { isPresetName, type PresetName, presets } from '../config/presets/index.js';
import { type InferredData, inferData } from '../data/infer.js';
import { type DataConfig, dataKind, requireReadable } from '../data/kinds/index.js';

/** Images up to this side, in pixels, go with the preset for small images. */
const SMALL = 64;

/** What says beside a path of which kind the images are. */
export interface DataSources {
  /** The settings that all others go over, where they are those of a run. */
  readonly base?: { readonly data: DataConfig } | undefined;
  readonly preset?: string | undefined;
  /** Of --config. */
  readonly file?: Settings | undefined;
  readonly set: readonly string[];
}

/** What `--data PATH` sets. */
export interface DataChoice {
  readonly data: ConfigPatch['data'];
  /** The preset that goes with the images, where none was given. */
  readonly preset?: PresetName;
  /** What was chosen, for whoever did not choose it. */
  readonly note?: string;
}

/**
 * The settings of the images at a path. A kind that is given stays; the preset's stays where the path holds such images; else
 * the files tell the kind, and their size tells the preset where there is none. Throws ERR_BYOL_DATA for what cannot be read.
 */
export async function chooseData(path: string, sources: DataSources): Promise<DataChoice> {
  const { base, file, set } = sources;
  if (settingOf(set, 'data.kind') !== undefined || hasKind(file?.data)) return { data: { path } };
  const preset = sources.preset ?? settingOf(set, 'preset') ?? file?.preset;
  const start = base?.data ?? (isPreset(preset) ? presets[preset].data : undefined);
  if (start !== undefined) return besides(path, start);
  // There is no such preset, which is told later.
  if (preset !== undefined) return { data: { path } };
  const found = await inferData(path);
  requireReadable(found.config);
  if (file !== undefined && isWhole(file)) return { data: found.config, note: `${taken(path, found)}.` };
  const chosen = presetFor(found);
  const isItsKind = presets[chosen].data.kind === found.config.kind;
  return {
    data: isItsKind ? { path } : found.config,
    preset: chosen,
    note: `${taken(path, found)}; the settings are those of preset ${chosen}, for minutes on a CPU (--preset takes others).`,
  };
}

/** Over settings that are for images of some kind. */
async function besides(path: string, start: DataConfig): Promise<DataChoice> {
  const found = await inferData(path, start.kind).catch((error: unknown) => {
    // What such images should be, the kind itself says best.
    if ('path' in dataKind(start).schema.shape) return null;
    throw error;
  });
  if (found === null || found.config.kind === start.kind) return { data: { path } };
  requireReadable(found.config);
  return { data: found.config, note: `${taken(path, found)}; the settings were for '${start.kind}'.` };
}

function taken(path: string, { config, title }: InferredData): string {
  return `${path} is taken for data.kind '${config.kind}', ${title}`;
}

/** What is known to be small, or else photos. */
function presetFor({ side }: InferredData): PresetName {
  return side !== null && side <= SMALL ? 'cifar10-small' : 'photos-small';
}

function isPreset(name: unknown): name is PresetName {
  return typeof name === 'string' && isPresetName(name);
}

/** A file that lacks nothing but its data starts from no preset. */
function isWhole(file: Settings): boolean {
  const optional = ['preset', 'method', 'data', ...Object.keys(additions)];
  return Object.keys(presets.shapes).every((key) => Object.hasOwn(file, key) || optional.includes(key));
}

/** The value of one setting, as it is written. */
function settingOf(set: readonly string[], path: string): string | undefined {
  const found = set.find((item) => item.slice(0, Math.max(0, item.indexOf('='))).trim() === path);
  return found?.slice(found.indexOf('=') + 1).trim();
}

function hasKind(data: unknown): boolean {
  return data !== null && typeof data === 'object' && 'kind' in data;
}
