import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../lib/binding/package-root.js';
import { presets } from '../../lib/config/presets/index.js';
import type { Config } from '../../lib/config/schema.js';
import { findImageFiles } from '../../lib/data/image-files.js';

/** Photos of about 500 pixels as their makers saved them; BYOL_BENCH_PHOTOS names another folder. */
const PHOTOS = '../shared/data/VOCdevkit/VOC2012/JPEGImages';

/** JPEG files to measure with, or why there are none. */
export async function findPhotos(): Promise<readonly string[] | string> {
  const folder = process.env.BYOL_BENCH_PHOTOS ?? path.resolve(packageRoot(), PHOTOS);
  if (!existsSync(folder)) return `there are no photos in ${folder} (BYOL_BENCH_PHOTOS)`;
  const files = (await findImageFiles([folder])).filter((file) => /\.jpe?g$/i.test(file));
  return files.length > 0 ? files : `there are no JPEG files in ${folder} (BYOL_BENCH_PHOTOS)`;
}

/** A flat folder with links to the files, each `times` times. */
export function linkPhotos(files: readonly string[], folder: string, times: number): void {
  mkdirSync(folder);
  for (let copy = 0; copy < times; copy += 1) {
    for (const [i, file] of files.entries()) symlinkSync(file, path.join(folder, `${copy}-${i}.jpg`));
  }
}

/** A small network that learns from a folder of photos, without evaluation and checkpoints. */
export function photoConfig(folder: string, changes: Partial<Config>): Config {
  const { shapes } = presets;
  return structuredClone({
    ...shapes,
    data: { kind: 'folder', path: folder, labels: 'auto', brokenLimit: 0 } as const,
    onlineProbe: false,
    checkpoint: { everyEpochs: 1_000, everyMinutes: 0, keep: 1 },
    ...changes,
  });
}
