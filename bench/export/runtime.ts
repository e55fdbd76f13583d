import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-web';
import { packageRoot } from '../../lib/binding/package-root.js';

/** A batch of images as an ONNX model takes it. */
export interface ModelInput {
  readonly name: 'images' | 'pixels';
  readonly values: Float32Array | Uint8Array;
  readonly shape: readonly number[];
}

/** What computes the features of batches, in order. */
export interface OnnxRuntime {
  readonly name: string;
  features(model: string, batches: Iterable<ModelInput>): Promise<Float32Array>;
}

/** Python's onnxruntime where BYOL_BENCH_PYTHON has it, native code; else the one for browsers, WebAssembly. */
export function onnxRuntime(threads: number): OnnxRuntime {
  const python = process.env['BYOL_BENCH_PYTHON'];
  const probe =
    python && spawnSync(python, ['-c', 'import onnxruntime; print(onnxruntime.__version__)'], { encoding: 'utf8' });
  if (python && probe && probe.status === 0) {
    return {
      name: `onnxruntime ${probe.stdout.trim()}, Python, CPU`,
      features: (model, batches) => inPython(python, model, batches, threads),
    };
  }
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = 'error';
  return { name: `onnxruntime-web ${ort.env.versions.web}, WebAssembly`, features: inWebAssembly };
}

async function inWebAssembly(model: string, batches: Iterable<ModelInput>): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(readFileSync(model));
  try {
    const found: Float32Array[] = [];
    for (const { name, values, shape } of batches) {
      const type = values instanceof Float32Array ? 'float32' : 'uint8';
      const tensor = new ort.Tensor(type as 'float32', values as Float32Array, [...shape]);
      const { features } = await session.run({ [name]: tensor });
      found.push(Float32Array.from(features?.data as Float32Array));
    }
    return joined(found);
  } finally {
    await session.release();
  }
}

async function inPython(
  python: string,
  model: string,
  batches: Iterable<ModelInput>,
  threads: number,
): Promise<Float32Array> {
  const inputs: Array<{ name: string; file: string; type: string; shape: readonly number[] }> = [];
  for (const { name, values, shape } of batches) {
    const file = `${model}.${inputs.length}.input`;
    writeFileSync(file, values);
    inputs.push({ name, file, type: values instanceof Float32Array ? 'float32' : 'uint8', shape });
  }
  const [jobs, out] = [`${model}.json`, `${model}.output`];
  writeFileSync(jobs, JSON.stringify({ model, inputs, threads, out }));
  const script = path.join(packageRoot(), 'bench/python/run_onnx.py');
  const { status, stderr } = spawnSync(python, [script, jobs], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script} failed:\n${stderr}`);
  const bytes = readFileSync(out);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
