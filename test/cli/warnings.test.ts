import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../support/cli.js';
import { withTempDir } from '../support/paths.js';

test('old names of settings are told in a line of the command, once for all of a source', () =>
  withTempDir((dir) => {
    const set = ['--set', 'views.view1.0.method=official', '--set', 'data.trainImages=20'];
    const { code, stdout, stderr } = runCli(['views', '--preset', 'shapes', '--count', '1', ...set], { cwd: dir });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^views\.png: 1 image,/);
    assert.equal(
      stderr,
      'warning: --set has old names of settings, which are still read: views.view1 (now views.pipelines.0), ' +
        'views.pipelines.*.*.method (now views.pipelines.*.*.sampling).\n',
    );
  }));
