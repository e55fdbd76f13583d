import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { readSafetensorsHeader } from '../../lib/export/safetensors.js';
import { fixture } from '../import/fixture-files.js';
import { runCli } from '../support/cli.js';
import { withTempDir } from '../support/paths.js';

test('byol import says what it found, and what it took for granted', () =>
  withTempDir(async (dir) => {
    const out = path.join(dir, 'encoder.safetensors');
    const byol = runCli(['import', fixture('byol.pkl'), '--out', out]);
    assert.equal(byol.code, 0, byol.stderr);
    assert.match(
      byol.stdout,
      /encoder\.safetensors: bottleneck \[1,2,1,1\] width 1, 32 features, \d thousand parameters\n/,
    );
    assert.match(byol.stdout, /byol\.pkl, pickle, names of haiku, step 300000\n/);
    assert.match(
      byol.stdout,
      /experiment_state\.online_params, the trained one; left: experiment_state\.target_params\n/,
    );
    assert.match(byol.stdout, /padding same, batch normalisation with epsilon 0\.00001\n/);
    assert.match(byol.stdout, /sha256 +[0-9a-f]{64}\n$/);

    const given = ['--mean', '0.5,0.4,0.3', '--std=0.2,0.3,0.25', '--input-size', '32', '--resampling', 'bicubic'];
    const more = [
      '--antialias=false',
      '--padding',
      'same',
      '--epsilon',
      '0.001',
      '--branch',
      'target',
      '--transform',
      'official',
    ];
    const moco = runCli(['import', fixture('moco.pth'), '--out', out, ...given, ...more]);
    assert.equal(moco.code, 0, moco.stderr);
    assert.doesNotMatch(moco.stdout, /does not say/);
    const { metadata } = readSafetensorsHeader(out);
    const expected = {
      mean: '[0.5,0.4,0.3]',
      std: '[0.2,0.3,0.25]',
      input_size: '32',
      resampling: 'bicubic',
      antialias: 'false',
      transform: 'official',
      padding: 'same',
      norm_epsilon: '0.001',
      imported_branch_kind: 'target',
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(metadata[name], value, name);

    const plain = runCli(['import', fixture('torchvision.pth'), '--out', out]);
    assert.match(
      plain.stdout,
      /The file does not say inputSize, mean, std, resampling, antialias, transform: taken as PyTorch's/,
    );
    const wrong = runCli(['import', fixture('torchvision.pth'), '--out', out, '--mean', '0.5,0.5']);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--mean must be three numbers/);
    const none = runCli(['import', path.join(dir, 'none.pth')]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /it does not exist/);
  }));
