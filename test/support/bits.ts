import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { readSafetensors } from '../../lib/export/safetensors.js';

/** The newest training state of a run. */
export const newest = (run: string): string => {
  const names = readdirSync(path.join(run, 'checkpoints')).filter((name) => name.startsWith('step-'));
  return path.join(run, 'checkpoints', names.sort().at(-1) as string);
};

/** The bytes of every tensor of a training state. */
export function bits(file: string): Map<string, string> {
  const { tensors } = readSafetensors(file);
  return new Map(
    [...tensors].map(([name, { data }]) => [
      name,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
    ]),
  );
}

export function sameBits(a: string, b: string): void {
  const [left, right] = [bits(a), bits(b)];
  assert.deepEqual([...left.keys()], [...right.keys()]);
  for (const [name, value] of left) assert.ok(value === right.get(name), `${name} differs`);
}
