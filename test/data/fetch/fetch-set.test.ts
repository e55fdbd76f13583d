/** Public sets from a local server that does what servers do: it is slow, cuts off, lies, and has never heard of ranges. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type FetchedSet, type FetchOptions, fetchSet } from '../../../lib/data/fetch/fetch-set.js';
import { elsewhere, type PublicSet, publicSets, type SetFile } from '../../../lib/data/fetch/sets.js';
import { inferData } from '../../../lib/data/infer.js';
import { readData } from '../../../lib/data/kinds/index.js';
import type { SetName } from '../../../lib/data/sets/index.js';
import { root, withTempDir } from '../../support/paths.js';
import { jpegHeader, writeFiles } from '../../support/photos.js';
import { standIns } from '../../support/set-stand-ins.js';
import { zip } from '../../support/zip.js';

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/** Set by each test. */
type Answer = (request: IncomingMessage, response: ServerResponse, bytes: Buffer) => void;

interface Server {
  readonly url: string;
  /** The Range of each request, '' without. */
  readonly ranges: string[];
}

async function withServer(bytes: Buffer, answer: Answer, body: (server: Server) => Promise<void>): Promise<void> {
  const ranges: string[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range ?? '');
    answer(request, response, bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await body({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/set.tar`, ranges });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const ETAG = '"v1"';

/** What a good server does. */
const good: Answer = (request, response, bytes) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? Number.NaN);
  const same = request.headers['if-range'] === undefined || request.headers['if-range'] === ETAG;
  if (start >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
  } else if (Number.isNaN(start) || !same) {
    response.writeHead(200, { 'content-length': bytes.length, etag: ETAG }).end(bytes);
  } else {
    const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(206, { 'content-length': bytes.length - start, 'content-range': range, etag: ETAG });
    response.end(bytes.subarray(start));
  }
};

/** The same, but the connection ends after so many bytes of each answer. */
function cutting(after: number, ranges = true): Answer {
  return (request, response, bytes) => {
    const asked = ranges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
    const rest = bytes.subarray(asked);
    const head = { 'content-length': rest.length, ...(ranges && { etag: ETAG }) };
    if (asked > 0)
      response.writeHead(206, { ...head, 'content-range': `bytes ${asked}-${bytes.length - 1}/${bytes.length}` });
    else response.writeHead(200, head);
    if (rest.length <= after) response.end(rest);
    else response.write(rest.subarray(0, after), () => void setTimeout(5).then(() => response.destroy()));
  };
}

let archive: Buffer;

before(() =>
  withTempDir((dir) => {
    const files: Record<string, Buffer> = {};
    for (let i = 0; i < 40; i += 1)
      files[`in/set/train/${i % 2}/${i}.bin`] = Buffer.alloc(20_000, createHash('sha512').update(String(i)).digest());
    writeFiles(dir, files);
    spawnSync('tar', ['-cf', path.join(dir, 'set.tar'), '-C', path.join(dir, 'in'), 'set']);
    archive = readFileSync(path.join(dir, 'set.tar'));
  }),
);

function setOf(urls: readonly string[], changes: Partial<SetFile> = {}, more: Partial<PublicSet> = {}): PublicSet {
  const file = {
    name: 'set.tar',
    urls,
    bytes: archive.length,
    checksum: { algorithm: 'md5', value: md5(archive) },
    ...changes,
  } as const;
  return {
    title: 'A set',
    images: 40,
    files: [file],
    root: 'set',
    folder: 'my-set',
    data: '',
    home: 'http://home',
    terms: 'None.',
    ...more,
  };
}

const get = (dir: string, set: PublicSet, more: Partial<FetchOptions> = {}): Promise<FetchedSet> =>
  fetchSet('mine', set, { out: dir, pause: 1, patience: 2000, ...more });

/** Everything is there, and nothing else. */
function whole(dir: string): void {
  assert.deepEqual(readdirSync(dir), ['my-set']);
  const files = readdirSync(path.join(dir, 'my-set'), { recursive: true }).filter((name) =>
    String(name).endsWith('.bin'),
  );
  assert.equal(files.length, 40);
  assert.deepEqual(
    readFileSync(path.join(dir, 'my-set/train/1/7.bin')),
    Buffer.alloc(20_000, createHash('sha512').update('7').digest()),
  );
}

const withOut = (body: (out: string) => Promise<void>): Promise<void> =>
  withTempDir(async (dir) => {
    await body(path.join(dir, 'out'));
  });

describe('fetching a set', () => {
  test('gives its folder, once', () =>
    withServer(archive, good, ({ url, ranges }) =>
      withOut(async (out) => {
        const phases = new Set<string>();
        const fetched = await get(out, setOf([url]), { onProgress: ({ phase }) => phases.add(phase) });
        assert.deepEqual(fetched, { data: path.join(out, 'my-set'), outcome: 'fetched', unchecked: [] });
        assert.deepEqual([...phases], ['downloading', 'unpacking']);
        whole(out);
        assert.equal((await get(out, setOf([url]))).outcome, 'there');
        assert.equal(ranges.length, 1);
      }),
    ));

  test('goes on where a connection broke', () =>
    withServer(archive, cutting(150_000), ({ url, ranges }) =>
      withOut(async (out) => {
        await get(out, setOf([url]));
        whole(out);
        assert.ok(ranges.length > 4 && ranges[0] === '', ranges.join());
        const starts = ranges.slice(1).map((range) => Number(/\d+/.exec(range)?.[0]));
        assert.ok(
          starts.every((start, i) => start > (starts[i - 1] ?? 0)),
          ranges.join(),
        );
      }),
    ));

  test('begins again where a server has no ranges, and gives up one that never gets to the end', () =>
    withServer(archive, cutting(150_000, false), ({ url, ranges }) =>
      withOut(async (out) => {
        await assert.rejects(get(out, setOf([url])), {
          code: 'ERR_BYOL_DATA',
          message: /set\.tar cannot be fetched\. http:\/\/127.*: (it ends after|terminated|aborted|other side closed)/,
        });
        assert.ok(ranges.length >= 5, String(ranges.length));
        assert.ok(!existsSync(path.join(out, 'my-set')));
        // What it has got so far is of use to a server that can.
        await withServer(archive, good, async (other) => {
          await get(out, setOf([other.url]));
          assert.match(other.ranges[0] ?? '', /^bytes=\d+-$/);
        });
        whole(out);
      }),
    ));

  test('does not put two files together where the server has another one by now', () =>
    withOut(async (out) => {
      const set = (url: string): PublicSet => setOf([url], { checksum: null });
      let now = cutting(300_000);
      await withServer(
        archive,
        (...args) => now(...args),
        async ({ url, ranges }) => {
          const abort = new AbortController();
          const stopped = get(out, set(url), { signal: abort.signal, onProgress: () => abort.abort() });
          await assert.rejects(stopped, { name: 'AbortError' });
          now = (request, response, bytes) => {
            assert.equal(request.headers['if-range'], ETAG);
            response.writeHead(200, { 'content-length': bytes.length, etag: '"v2"' }).end(bytes);
          };
          const fetched = await get(out, set(url));
          assert.deepEqual(fetched.unchecked, ['set.tar']);
          assert.equal(ranges.length, 2);
        },
      );
      whole(out);
    }));

  test('tries all homes: gone, failing, of another file, redirecting', () =>
    withOut(async (out) => {
      const other = Buffer.from(archive);
      other[5000] = (other[5000] as number) ^ 1;
      let asked = 0;
      await withServer(
        archive,
        (_, response) => response.writeHead(404).end('no'),
        async (gone) => {
          await withServer(
            archive,
            (_, response) => {
              asked += 1;
              response.writeHead(503).end();
            },
            async (failing) => {
              await withServer(other, good, async (wrong) => {
                const bad = setOf([gone.url, failing.url, wrong.url]);
                await assert.rejects(get(out, bad), {
                  code: 'ERR_BYOL_CHECKSUM',
                  message: /404\..*503\..*its MD5 is [0-9a-f]{32} and should be [0-9a-f]{32}; it was thrown away/,
                });
                assert.equal(gone.ranges.length, 1);
                assert.equal(asked, 5);
                await withServer(archive, good, async (right) => {
                  const redirecting: Answer = (_, response) => response.writeHead(302, { location: right.url }).end();
                  await withServer(archive, redirecting, async (moved) => {
                    await get(out, setOf([gone.url, wrong.url, moved.url]));
                  });
                });
              });
            },
          );
        },
      );
      whole(out);
    }));

  test('gives up a server that sends nothing', () =>
    withServer(
      archive,
      (_, response, bytes) => {
        response.writeHead(200, { 'content-length': bytes.length });
        response.write('x');
      },
      ({ url }) =>
        withOut(async (out) => {
          await assert.rejects(get(out, setOf([url]), { patience: 50 }), {
            code: 'ERR_BYOL_DATA',
            message: /it sends nothing/,
          });
        }),
    ));

  test('where nobody listens is told', () =>
    withOut(async (out) => {
      await assert.rejects(get(out, setOf(['http://127.0.0.1:9/set.tar'])), {
        code: 'ERR_BYOL_DATA',
        message: /set\.tar cannot be fetched.*(ECONNREFUSED|bad port)/,
      });
    }));

  test('refuses archives that would write elsewhere, or hold more than files', () =>
    withTempDir(async (dir) => {
      mkdirSync(path.join(dir, 'a'));
      writeFileSync(path.join(dir, 'a/x'), 'x');
      const made = (name: string, ...args: string[]): Buffer => {
        spawnSync('tar', ['-cPf', path.join(dir, name), '-C', path.join(dir, 'a'), ...args]);
        return readFileSync(path.join(dir, name));
      };
      spawnSync('ln', ['-s', '/etc', path.join(dir, 'a/link')]);
      const outside = made('1.tar', '--transform', 's|^x|../../escaped|', 'x');
      const absolute = made('2.tar', '--transform', `s|^x|${path.join(dir, 'absolute')}|`, 'x');
      const linked = made('3.tar', 'link');
      const cases = [
        [outside, /escaped would lie outside|contains '\.\.'|path contains/],
        [absolute, /absolute would lie outside|stripping/],
        [linked, /link is of type SymbolicLink/],
        [archive.subarray(0, 30_000), /cannot be unpacked/],
      ] as const;
      for (const [bytes, message] of cases) {
        const out = path.join(dir, 'out');
        await withServer(Buffer.from(bytes), good, async ({ url }) => {
          await assert.rejects(
            get(out, setOf([url], { checksum: { algorithm: 'md5', value: md5(bytes) } }, { root: null })),
            { code: 'ERR_BYOL_DATA', message },
          );
        });
        assert.ok(!existsSync(path.join(out, 'my-set')));
        spawnSync('rm', ['-r', out]);
      }
      assert.ok(!existsSync(path.join(dir, 'absolute')) && !existsSync(path.join(dir, 'escaped')));
    }));

  test('unpacks zip files, and archives within them', () =>
    withTempDir(async (dir) => {
      const inner = archive;
      const packed = zip({ 'top/inner.tar': inner, 'top/set-of/a.txt': 'a' });
      await withServer(packed, good, async ({ url }) => {
        const out = path.join(dir, 'out');
        const file = {
          name: 'set.zip',
          checksum: { algorithm: 'md5', value: md5(packed) },
          inner: ['top/inner.tar'],
        } as const;
        await get(out, setOf([url], file, { root: 'top/set' }));
        assert.deepEqual(readdirSync(path.join(out, 'my-set/train')), ['0', '1']);
      });
      const evil = zip({ '../evil.txt': 'a' });
      await withServer(evil, good, async ({ url }) => {
        const file = { name: 'set.zip', checksum: { algorithm: 'md5', value: md5(evil) } } as const;
        await assert.rejects(get(path.join(dir, 'out2'), setOf([url], file, { root: null })), {
          code: 'ERR_BYOL_DATA',
          message: /invalid relative path/,
        });
      });
    }));

  test('says which file a changed archive lacks', () =>
    withServer(archive, good, ({ url }) =>
      withOut(async (out) => {
        await assert.rejects(get(out, setOf([url], {}, { set: 'dtd' })), {
          code: 'ERR_BYOL_DATA',
          message:
            /A set do not have what they should: labels\/train1\.txt, .* is missing\. Its home may have changed it: http:\/\/home/,
        });
        assert.ok(!existsSync(path.join(out, 'my-set')));
        mkdirSync(path.join(out, 'my-set'));
        await assert.rejects(get(out, setOf([url], {}, { set: 'dtd' })), {
          code: 'ERR_BYOL_DATA',
          message: /my-set is there, and not what mine is unpacked to: move it away/,
        });
      }),
    ));

  test('killed ten times at any moment goes on and ends with the same', () =>
    withOut(async (out) => {
      const slow: Answer = (request, response, bytes) => {
        const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
        const head = { 'content-length': bytes.length - start, etag: ETAG };
        if (start > 0)
          response.writeHead(206, { ...head, 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` });
        else response.writeHead(200, head);
        const send = (at: number): void => {
          if (at >= bytes.length) response.end();
          else response.write(bytes.subarray(at, at + 4000), () => void setTimeout(4).then(() => send(at + 4000)));
        };
        send(start);
      };
      await withServer(archive, slow, async ({ url, ranges }) => {
        const script = path.join(root, 'dist/test/data/fetch/fetch-process.js');
        const run = (kill: boolean): Promise<number | null> => {
          const child = spawn(process.execPath, [script, out, JSON.stringify(setOf([url]))], {
            stdio: ['ignore', 'pipe', 'inherit'],
          });
          child.stdout.once('data', () => {
            if (kill) void setTimeout(Math.random() * 80).then(() => child.kill('SIGKILL'));
          });
          return new Promise((resolve) => child.on('close', resolve));
        };
        for (let killed = 0; killed < 10; ) {
          if ((await run(true)) === null) killed += 1;
          else spawnSync('rm', ['-r', out]);
        }
        assert.equal(await run(false), 0);
        whole(out);
        assert.ok(
          ranges.some((range) => range !== ''),
          'nothing was gone on with',
        );
      });
    }));

  test('stopped by a full disk says so and goes on once there is room', () =>
    withOut(async (out) => {
      await withServer(archive, good, async ({ url }) => {
        const script = path.join(root, 'dist/test/data/fetch/fetch-process.js');
        const child = spawn('bash', [
          '-c',
          'ulimit -f 300; exec "$0" "$@"',
          process.execPath,
          script,
          out,
          JSON.stringify(setOf([url])),
        ]);
        let told = '';
        child.stderr.on('data', (text: Buffer) => {
          told += text.toString();
        });
        assert.equal(await new Promise((resolve) => child.on('close', resolve)), 1);
        assert.match(told, /^ERR_BYOL_IO Cannot write .*set\.tar.*: EFBIG.* Make room and give the same command again/);
        await get(out, setOf([url]));
        whole(out);
      });
    }));

  test('needs room for the archive and for what is in it', () =>
    withOut(async (out) => {
      await assert.rejects(get(out, setOf(['http://127.0.0.1:9/'], { bytes: 1e15 })), {
        code: 'ERR_BYOL_IO',
        message: /needs 2,100,000,000 MB, .* has [\d,]+ MB free/,
      });
    }));
});

describe('the table of public sets', () => {
  test('is whole: addresses, sums, names of their own', () => {
    const folders = new Set<string>();
    for (const [name, set] of Object.entries(publicSets) as Array<[string, PublicSet]>) {
      assert.ok(!folders.has(set.folder), set.folder);
      folders.add(set.folder);
      assert.match(set.terms, /\.$/);
      for (const { urls, checksum, bytes, isPlain = false } of set.files) {
        // What is copied as it is has to be known to the byte.
        assert.ok(!isPlain || checksum !== null, name);
        for (const url of urls) assert.ok(URL.canParse(url), url);
        if (checksum !== null)
          assert.match(checksum.value, checksum.algorithm === 'md5' ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{64}$/);
        assert.ok(bytes === null || bytes > 1e7, name);
      }
    }
    for (const name of Object.keys(elsewhere)) assert.ok(!(name in publicSets));
  });

  test('unpacks to what is known as the sets', () =>
    withTempDir(async (dir) => {
      const sets = (Object.entries(publicSets) as Array<[string, PublicSet]>).filter(
        ([, { set }]) => set !== undefined,
      );
      assert.ok(sets.length >= 9, String(sets.length));
      for (const [name, publicSet] of sets) {
        const { images, files } = standIns[publicSet.set as SetName]();
        const all: Record<string, Uint8Array | string> = { ...files };
        for (const image of images) all[image.path] = jpegHeader(8, 8);
        const served = archivesOf(path.join(dir, name), publicSet, all);
        const answer: Answer = (request, response) =>
          good(request, response, served.get(path.posix.basename(request.url ?? '')) as Buffer);
        await withServer(archive, answer, async ({ url }) => {
          const inside = publicSet.files.filter((file) => served.has(file.name));
          const local = inside.map(({ inner, ...file }) => {
            const checksum = { algorithm: 'md5', value: md5(served.get(file.name) as Buffer) } as const;
            return { ...file, urls: [url.replace('set.tar', file.name)], bytes: null, checksum };
          });
          const { data } = await get(path.join(dir, 'out'), { ...publicSet, files: local });
          const { config } = await inferData(data);
          assert.deepEqual([config.kind, config.kind === 'set' && config.set], ['set', publicSet.set], name);
          assert.ok((await readData(config)).train.count >= 9);
        });
      }
    }));
});

/** A set's files in its archives: plain ones and those that have a folder of their own, and all others in the first one. */
function archivesOf(
  dir: string,
  { files, root: top }: PublicSet,
  all: Record<string, Uint8Array | string>,
): Map<string, Buffer> {
  const served = new Map<string, Buffer>();
  const left = { ...all };
  for (const { name, isPlain = false, into } of files) {
    if (isPlain) {
      served.set(name, Buffer.from(left[name] ?? ''));
      delete left[name];
    } else if (into !== undefined) {
      const folder = `${path.posix.relative(top ?? '', into)}/`;
      const own = Object.keys(left).filter((file) => file.startsWith(folder));
      served.set(name, zip(Object.fromEntries(own.map((file) => [file.slice(folder.length), left[file] as string]))));
      for (const file of own) delete left[file];
    }
  }
  const [first] = files;
  writeFiles(path.join(dir, top ?? ''), left);
  spawnSync('tar', ['-cf', `${dir}.tar`, '-C', dir, '.']);
  const tarred = readFileSync(`${dir}.tar`);
  served.set(first?.name ?? '', /zip$/.test(first?.name ?? '') ? zipOf(dir) : tarred);
  return served;
}

function zipOf(dir: string): Buffer {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const read = files.map((entry) => path.join(entry.parentPath, entry.name));
  return zip(Object.fromEntries(read.map((file) => [path.relative(dir, file), readFileSync(file)])));
}
