/** A checkpoint that cannot be finished: the process may write files of a few KiB only, which fails as a full disk does. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { loadNative } from '../../lib/binding/load.js';
import { toySpec } from '../eval/toy.js';
import { root, withTempDir } from '../support/paths.js';

const loader = pathToFileURL(path.join(root, 'dist/lib/binding/load.js')).href;

/** Saves over the file that its first argument names, and prints the error. */
const script = `
  import { loadNative } from ${JSON.stringify(loader)};
  const learner = new (loadNative().Learner)(${JSON.stringify(toySpec)});
  await learner.save(process.argv[1], { note: 'new' }).catch(({ code, message }) => console.log(JSON.stringify({ code, message })));
  console.log(JSON.stringify(await learner.stepCount));
`;

test('a checkpoint that does not fit on the disk leaves the one before it and says why', {
  skip: process.platform === 'win32',
}, async () => {
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'step-00000001.safetensors');
    const learner = new (loadNative().Learner)(toySpec);
    await learner.save(file, { note: 'old' });
    learner.dispose();
    const before = readFileSync(file);
    assert.ok(before.length > 50_000);

    const node = [process.execPath, '--input-type=module', '--eval', script, file];
    const child = spawnSync('sh', ['-c', 'ulimit -f 16 && exec "$@"', 'sh', ...node], { encoding: 'utf8' });
    assert.equal(child.status, 0, child.stderr);
    const [failure, steps] = child.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(failure.code, 'ERR_BYOL_IO');
    assert.ok(failure.message.includes(file) && /File too large/.test(failure.message), failure.message);
    assert.equal(steps, 0, 'the learner can be used after the failure');
    assert.deepEqual(readdirSync(dir), [path.basename(file)]);
    assert.ok(readFileSync(file).equals(before));
  });
});
