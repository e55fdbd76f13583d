import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { writeAtomically } from '../../lib/files/atomic-file.js';
import { root, withTempDir } from '../support/paths.js';

const posix = { skip: process.platform === 'win32' };
const refused = (file: string, message: RegExp) =>
  assert.rejects(writeAtomically(file, 'new'), { code: 'ERR_BYOL_IO', message });

test('a symbolic link stays, and the file behind it is replaced or made', posix, () =>
  withTempDir(async (dir) => {
    const at = (name: string) => path.join(dir, name);
    mkdirSync(at('real'));
    writeFileSync(at('real/old'), 'old');
    symlinkSync('real/old', at('link'));
    symlinkSync('link', at('link-of-link'));
    symlinkSync(at('real/new'), at('dangling'));
    symlinkSync('real', at('folder'));
    const cases = { link: 'real/old', 'link-of-link': 'real/old', dangling: 'real/new', 'folder/inner': 'real/inner' };
    for (const [name, file] of Object.entries(cases)) {
      await writeAtomically(at(name), `by ${name}`);
      assert.equal(readFileSync(at(file), 'utf8'), `by ${name}`);
      assert.ok(lstatSync(at(file)).isFile());
    }
    for (const name of ['link', 'link-of-link', 'dangling', 'folder']) assert.ok(lstatSync(at(name)).isSymbolicLink());
    assert.deepEqual(readdirSync(at('real')).sort(), ['inner', 'new', 'old']);
  }),
);

test('what cannot be a file is refused in plain words, and stays', posix, () =>
  withTempDir(async (dir) => {
    mkdirSync(path.join(dir, 'folder'));
    symlinkSync('folder', path.join(dir, 'to-folder'));
    symlinkSync('circle', path.join(dir, 'circle'));
    writeFileSync(path.join(dir, 'file'), 'old');
    for (const name of ['folder', 'to-folder']) await refused(path.join(dir, name), /: it is a folder, not a file\.$/);
    await refused(path.join(dir, 'circle'), /links lead in a circle/);
    await refused(path.join(dir, 'no', 'such.png'), /the folder .*no does not exist\.$/);
    await refused(path.join(dir, 'file', 'a.png'), /a part of this path is a file, not a folder/);
    assert.equal(readdirSync(dir).length, 4);
    assert.ok(lstatSync(path.join(dir, 'to-folder')).isSymbolicLink());
  }),
);

test('a named pipe is written to', posix, () =>
  withTempDir(async (dir) => {
    const pipe = path.join(dir, 'pipe');
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
    const reader = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    reader.stdout.on('data', (part) => {
      text += part;
    });
    const closed = once(reader, 'close');
    await writeAtomically(pipe, 'through the pipe');
    await closed;
    assert.equal(text, 'through the pipe');
    assert.ok(lstatSync(pipe).isFIFO());
  }),
);

test('a socket is refused and stays', posix, () =>
  withTempDir(async (dir) => {
    const socket = path.join(dir, 's');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    await refused(socket, /Cannot write .*s: /);
    assert.ok(lstatSync(socket).isSocket());
    server.close();
  }),
);

test('/dev/stdout and /dev/null are written to', posix, () =>
  withTempDir((dir) => {
    const module = pathToFileURL(path.join(root, 'dist', 'lib', 'files', 'atomic-file.js')).href;
    const script = `
      import { writeAtomically } from ${JSON.stringify(module)};
      for (const file of ['/dev/null', '/dev/stdout']) await writeAtomically(file, 'content');`;
    const before = lstatSync('/dev/null').ino;
    const run = `"$0" --input-type=module -e "$1"`;
    const shell = (command: string) =>
      spawnSync('sh', ['-c', command, process.execPath, script], { cwd: dir, encoding: 'utf8' });
    assert.equal(shell(`${run} | cat`).stdout, 'content');
    shell(`echo before > out; ${run} >> out`);
    assert.equal(readFileSync(path.join(dir, 'out'), 'utf8'), 'before\ncontent');
    assert.equal(lstatSync('/dev/null').ino, before);
  }),
);
