import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Side } from '../../lib/bench/side.js';
import { measureSides } from '../../lib/bench/turns.js';
import { withTempDir } from '../support/paths.js';

/** Answers as a side does, and writes down what it was asked. `fails`, `hangs`: the command that it ends at, or never answers. */
const program = `
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
let spec;
for await (const line of createInterface({ input: process.stdin })) {
  if (spec === undefined) {
    spec = JSON.parse(line);
    console.log(JSON.stringify({ is: spec.name }));
    continue;
  }
  appendFileSync(spec.log, spec.name + ' ' + line + '\\n');
  if (line === spec.hangs) {
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  }
  if (line === spec.fails) {
    console.error('some words first\\nout of memory');
    process.exit(1);
  }
  const [command, count] = line.split(' ');
  console.log(JSON.stringify(command === 'run' ? Array(Number(count)).fill([0.5, 0.125]) : 77));
}`;

async function measured(together: boolean, fails: Readonly<Record<string, string>> = {}) {
  return withTempDir(async (dir) => {
    const file = path.join(dir, 'side.mjs');
    const log = path.join(dir, 'log');
    writeFileSync(file, program);
    writeFileSync(log, '');
    const sides = ['a', 'b'].map((name) => {
      const start = (): Side => new Side(process.execPath, [file], { name, log, fails: fails[name] });
      return [name, start] as const;
    });
    const outcomes = await measureSides(Object.fromEntries(sides), { warmUp: 3, rounds: 2, steps: 4, together });
    return { outcomes, asked: readFileSync(log, 'utf8').trim().split('\n') };
  });
}

test('sides take turns, or have the machine for themselves', async () => {
  const { outcomes, asked } = await measured(true);
  const step = { seconds: 0.5, network: 0.125 };
  const round = [step, step, step, step];
  assert.deepEqual(outcomes['b'], { facts: { is: 'b' }, rounds: [round, round], memory: 77 });
  const warm = ['a run 3', 'a memory', 'b run 3', 'b memory'];
  assert.deepEqual(asked, [...warm, 'a run 4', 'b run 4', 'a run 4', 'b run 4', 'a memory', 'b memory']);
  const alone = (name: string) =>
    ['run 3', 'memory', 'run 4', 'run 4', 'memory'].map((command) => `${name} ${command}`);
  assert.deepEqual((await measured(false)).asked, [...alone('a'), ...alone('b')]);
});

test('a side that ends takes nobody with it, and its last words are the reason', async () => {
  for (const together of [true, false]) {
    const { outcomes } = await measured(together, { a: 'run 4' });
    assert.deepEqual(outcomes['a'], { failed: 'out of memory' });
    assert.ok('rounds' in (outcomes['b'] ?? {}));
  }
});

test('a side that hangs is given up', async () => {
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'side.mjs');
    writeFileSync(file, program);
    const spec = { name: 'a', log: path.join(dir, 'log'), hangs: 'run 1' };
    const start = (): Side => new Side(process.execPath, [file], spec);
    const turns = { warmUp: 1, rounds: 1, steps: 1, together: true, sideSeconds: 1 };
    assert.deepEqual(await measureSides({ a: start }, turns), { a: { failed: 'given up after 1 s' } });
  });
});

test('a program that cannot be started is one that failed', async () => {
  const start = (): Side => new Side('/nowhere/python', [], {});
  const { a } = await measureSides({ a: start }, { warmUp: 1, rounds: 1, steps: 1, together: true });
  assert.match((a as { failed: string }).failed, /ENOENT/);
});
