import { spawnSync } from 'node:child_process';
import type { NativeInfo } from '../binding/native.js';

export interface Loaded {
  readonly info: NativeInfo;
  /** The libtorch_cpu.so that is really in use, whatever was recorded or set. */
  readonly library: string;
}

/** What the addon says of itself, loaded in a process of its own, or why it does not load: what crashes there is text here. */
export function loadInChild(): Loaded | string {
  const code = `
    import { readFileSync } from 'node:fs';
    const { loadNative } = await import(process.argv[1]);
    try {
      const info = loadNative().info();
      const library = /\\/.*libtorch_cpu\\.so/.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0] ?? '';
      console.log(JSON.stringify({ info, library }));
    } catch (error) {
      console.error([error.message, error.hint ?? ''].join('\\n'));
      process.exitCode = 1;
    }`;
  const loader = new URL('../binding/load.js', import.meta.url).href;
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', code, loader], { encoding: 'utf8' });
  if (child.status === 0) return JSON.parse(child.stdout) as Loaded;
  return child.signal === null ? child.stderr.trim() : `it crashes while it is loaded (${child.signal})`;
}
