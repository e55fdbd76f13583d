import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../lib/binding/package-root.js';

/** How others load photos and make views of them: bench/python/photos_loader.py says what each is. */
export const loaderWays = ['pil', 'tensor', 'albumentations'] as const;
export type LoaderWay = (typeof loaderWays)[number];

const MODULES: Readonly<Record<LoaderWay, readonly string[]>> = {
  pil: ['torchvision', 'PIL'],
  tensor: ['torchvision'],
  albumentations: ['torchvision', 'albumentations', 'cv2'],
};

/** What this Python lacks for it; empty: nothing. */
export function missingFor(way: LoaderWay, python: string): string {
  const probe = spawnSync(python, ['-c', `import ${MODULES[way].join(', ')}`], { encoding: 'utf8' });
  const names = MODULES[way].join(', ');
  return probe.status === 0 ? '' : `${python} cannot import ${names} (set BYOL_BENCH_PYTHON to one that can)`;
}

export interface LoaderCase {
  readonly way: LoaderWay;
  readonly files: readonly string[];
  /** Of the views, in pixels. */
  readonly size: number;
  readonly batch: number;
  /** Processes that decode and augment. */
  readonly workers: number;
}

/** bench/python/photos_loader.py, kept running. */
export class PythonLoader {
  readonly versions: Readonly<Record<string, string>>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcessWithoutNullStreams, lines: AsyncIterator<string>, versions: string) {
    this.#child = child;
    this.#lines = lines;
    this.versions = JSON.parse(versions) as Record<string, string>;
  }

  static async start(python: string, work: LoaderCase): Promise<PythonLoader> {
    const child = spawn(python, [path.join(packageRoot(), 'bench/python/photos_loader.py')]);
    child.stderr.pipe(process.stderr);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    child.stdin.write(`${JSON.stringify(work)}\n`);
    return new PythonLoader(child, lines, await nextLine(lines));
  }

  /** Seconds of a pass over all files. */
  async pass(): Promise<number> {
    this.#child.stdin.write('run\n');
    return Number(await nextLine(this.#lines));
  }

  stop(): void {
    this.#child.stdin.end();
  }
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done) throw new Error('bench/python/photos_loader.py ended; its error is above.');
  return value as string;
}
