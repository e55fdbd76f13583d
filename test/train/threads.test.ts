import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { loadNative } from '../../lib/binding/load.js';
import { useThreads } from '../../lib/train/threads.js';

test('threads: as many as asked for, or as the process may use cores', () => {
  const native = loadNative();
  assert.equal(useThreads(native, { threads: 1 }), 1);
  assert.equal(native.info().threads, 1);
  assert.equal(useThreads(native, { threads: 0 }), availableParallelism());
  assert.equal(native.info().threads, availableParallelism());
});

test('a process that may use one core computes with one thread', (t) => {
  if (spawnSync('taskset', ['--version']).error !== undefined) return t.skip('there is no taskset');
  const module = new URL('../../lib/train/threads.js', import.meta.url).href;
  const code = `import { useThreads } from '${module}'; let set; useThreads({ setThreads: (n) => { set = n; } }, { threads: 0 }); console.log(set);`;
  const { stdout, stderr } = spawnSync('taskset', ['-c', '0', process.execPath, '--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  assert.equal(stdout.trim(), '1', stderr);
});
