import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { availableCores } from '../../lib/train/available-cores.js';
import { withTempDir } from '../support/paths.js';

/** The cores that are found beside these files of a control group, of 8. */
function coresWith(files: Readonly<Record<string, string>>): Promise<number> {
  return withTempDir((root) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), text);
    }
    return availableCores(root, 8);
  });
}

test('the quota of a container, version 2', async () => {
  const group = { 'proc/self/cgroup': '0::/\n' };
  assert.equal(await coresWith({ ...group, 'sys/fs/cgroup/cpu.max': '250000 100000\n' }), 2);
  assert.equal(await coresWith({ ...group, 'sys/fs/cgroup/cpu.max': '50000 100000\n' }), 1);
  assert.equal(await coresWith({ ...group, 'sys/fs/cgroup/cpu.max': 'max 100000\n' }), 8);
  assert.equal(await coresWith({ ...group, 'sys/fs/cgroup/cpu.max': '6400000 100000\n' }), 8);
});

test('the smallest quota of the groups above', async () => {
  const files = {
    'proc/self/cgroup': '0::/pods/one/main\n',
    'sys/fs/cgroup/pods/one/main/cpu.max': 'max 100000\n',
    'sys/fs/cgroup/pods/one/cpu.max': '300000 100000\n',
    'sys/fs/cgroup/pods/cpu.max': '700000 100000\n',
  };
  assert.equal(await coresWith(files), 3);
});

test('version 1, also where the path of the group is that of the host', async () => {
  const group = '9:name=systemd:/\n4:cpu,cpuacct:/docker/abc\n1:memory:/docker/abc\n';
  const quota = (text: string) => ({
    'proc/self/cgroup': group,
    'sys/fs/cgroup/cpu/cpu.cfs_quota_us': text,
    'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  });
  assert.equal(await coresWith(quota('400000\n')), 4);
  assert.equal(await coresWith(quota('-1\n')), 8);
});

test('no control groups, or files that make no sense', async () => {
  assert.equal(await coresWith({}), 8);
  assert.equal(await coresWith({ 'proc/self/cgroup': 'nonsense', 'sys/fs/cgroup/cpu.max': 'x y' }), 8);
  assert.equal(await coresWith({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '' }), 8);
});
