/**
 * Decoding JPEG photos on one thread: the whole of them beside libjpeg-turbo as its own djpeg calls it, what one and two crops need,
 * and scaled decodings with what they change in a view. A C++ program measures; this builds and runs it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { packageRoot } from '../lib/binding/package-root.js';
import { findImageFiles } from '../lib/data/image-files.js';
import type { Spread } from './spread.js';

/** Photos of about 500 pixels; BYOL_BENCH_PHOTOS names another folder. */
const PHOTOS = '../shared/data/flowers17/val';
const MOST_PHOTOS = 60;

type Way = 'djpeg' | 'whole' | 'oneCrop' | 'twoCrops' | 'half' | 'quarter' | 'eighth';

export interface DecodeBench {
  readonly what: string;
  readonly photos: number;
  readonly meanBytes: number;
  readonly meanPixels: number;
  readonly libjpegTurbo: string;
  readonly rounds: number;
  /** Milliseconds of processor time for a photo, and the ratio to djpeg's in the same round. */
  readonly times: Readonly<Record<Way, { readonly milliseconds: Spread; readonly ofDjpeg: Spread }>>;
  /**
   * Root mean square differences, in levels of 255, between views of 48 pixels from the whole photo and from one decoded at so many
   * eighths, where the scaled crop has ratioFrom to ratioBelow times the view's sides. `official`: without antialiasing.
   */
  readonly scales: readonly {
    readonly eighths: number;
    readonly ratioFrom: number;
    readonly ratioBelow: number;
    readonly crops: number;
    readonly official: Spread;
    readonly antialiased: Spread;
  }[];
}

export async function benchDecode(): Promise<DecodeBench | { readonly skipped: string }> {
  const root = packageRoot();
  const folder = process.env.BYOL_BENCH_PHOTOS ?? path.resolve(root, PHOTOS);
  if (!existsSync(folder)) return { skipped: `there are no photos in ${folder} (BYOL_BENCH_PHOTOS)` };
  const jpegs = (await findImageFiles([folder])).filter((file) => /\.jpe?g$/i.test(file));
  const photos = jpegs.filter((_, i) => i % Math.ceil(jpegs.length / MOST_PHOTOS) === 0);
  const dir = mkdtempSync(path.join(os.tmpdir(), 'byol-bench-'));
  try {
    const program = path.join(dir, 'decode');
    const sources = ['crop_region', 'jpeg_markers', 'jpeg_session', 'jpeg_rows', 'jpeg_decoder'].map((name) =>
      path.join(root, 'native/core/data', `${name}.cpp`),
    );
    const built = spawnSync(
      process.env.CXX ?? 'g++',
      [
        ...['-std=c++20', '-O3', '-DNDEBUG', '-DBYOL_HAVE_JPEG', '-I', path.join(root, 'native')],
        ...[path.join(root, 'bench/native/decode.cpp'), ...sources, '-ljpeg', '-o', program],
      ],
      { encoding: 'utf8' },
    );
    if (built.status !== 0) return { skipped: `the program does not build: ${built.error?.message ?? built.stderr}` };
    const measured = JSON.parse(execFileSync(program, photos, { encoding: 'utf8' })) as Omit<DecodeBench, 'what'>;
    return { what: 'JPEG photos to RGB in memory, one thread, processor time', ...measured };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
