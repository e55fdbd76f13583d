/**
 * Photos: JPEG files to augmented pairs beside what users of PyTorch take, and a run on photos beside its parts. The photos come from
 * VOC 2012 (500 pixels) where it is; BYOL_BENCH_PHOTOS names another folder, BYOL_BENCH_PYTHON a Python with torchvision,
 * albumentations and opencv-python-headless. Decoding alone is `npm run bench decode`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findPhotos } from './photos/folder.js';
import { benchPairs, type PairsBench } from './photos/pairs.js';
import { benchPhotoRun, type PhotoRunBench } from './photos/run.js';

export interface PhotosBench {
  readonly pairs: PairsBench;
  readonly run: PhotoRunBench;
}

export async function benchPhotos(): Promise<PhotosBench | { readonly skipped: string }> {
  const files = await findPhotos();
  if (typeof files === 'string') return { skipped: files };
  const dir = mkdtempSync(path.join(os.tmpdir(), 'byol-bench-'));
  process.env.BYOL_CACHE = path.join(dir, 'cache');
  try {
    return { pairs: await benchPairs(files, dir), run: await benchPhotoRun(files, dir) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
