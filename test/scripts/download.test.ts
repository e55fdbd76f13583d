import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { root, withTempDir } from '../support/paths.js';

const { download } = createRequire(import.meta.url)(path.join(root, 'scripts/download.cjs')) as {
  download(url: string, file: string, sha256: string, onProgress?: (have: number, all: number) => void): Promise<void>;
};

const content = randomBytes(300_000);
const half = 150_000;
const sha256 = createHash('sha256').update(content).digest('hex');

/** Serves `listener` on a free port while `body` runs with the URL and a file name in a fresh folder. */
async function withServer(
  listener: RequestListener,
  body: (url: string, file: string) => Promise<void>,
): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await withTempDir((dir) => body(`http://127.0.0.1:${port}/library.zip`, path.join(dir, 'library.zip')));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A server of `content` that knows ranges; `ranges` collects what was asked for. */
function ranged(ranges: (string | undefined)[]): RequestListener {
  return (request, response) => {
    ranges.push(request.headers.range);
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from >= content.length) {
      response.writeHead(416).end();
      return;
    }
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': content.length - from });
    response.end(content.subarray(from));
  };
}

test('a download begins where an earlier one stopped', async () => {
  const ranges: (string | undefined)[] = [];
  await withServer(ranged(ranges), async (url, file) => {
    writeFileSync(`${file}.part`, content.subarray(0, half));
    const progress: number[][] = [];
    await download(url, file, sha256, (have, all) => progress.push([have, all]));
    assert.deepEqual(ranges, [`bytes=${half}-`]);
    assert.ok(progress.every(([have, all]) => Number(have) > half && all === content.length));
    assert.ok(readFileSync(file).equals(content));
    assert.ok(!existsSync(`${file}.part`));
  });
});

test('a connection that breaks is taken up again', async () => {
  const ranges: (string | undefined)[] = [];
  const whole = ranged(ranges);
  let first = true;
  const breaking: RequestListener = (request, response) => {
    if (!first) return whole(request, response);
    first = false;
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, half), () => setTimeout(() => response.destroy(), 100));
  };
  await withServer(breaking, async (url, file) => {
    await download(url, file, sha256);
    assert.deepEqual(ranges, [`bytes=${half}-`]);
    assert.ok(readFileSync(file).equals(content));
  });
});

test('a server without ranges makes it start over', async () => {
  await withServer(
    (_, response) => response.writeHead(200, { 'content-length': content.length }).end(content),
    async (url, file) => {
      writeFileSync(`${file}.part`, randomBytes(half));
      await download(url, file, sha256);
      assert.ok(readFileSync(file).equals(content));
    },
  );
});

test('a part that is already whole is only checked', async () => {
  await withServer(ranged([]), async (url, file) => {
    writeFileSync(`${file}.part`, content);
    await download(url, file, sha256);
    assert.ok(readFileSync(file).equals(content));
  });
});

test('another checksum is refused, and what was fetched is thrown away', async () => {
  await withServer(ranged([]), async (url, file) => {
    await assert.rejects(download(url, file, '0'.repeat(64)), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_BYOL_CHECKSUM');
      assert.ok(error.message.includes(sha256));
      return true;
    });
    assert.ok(!existsSync(file));
    assert.ok(!existsSync(`${file}.part`));
  });
});

test('a refusal by the server is an error and leaves nothing', async () => {
  await withServer(
    (_, response) => response.writeHead(404).end('not here'),
    async (url, file) => {
      await assert.rejects(download(url, file, sha256), /it answers 404/);
      assert.ok(!existsSync(file) && !existsSync(`${file}.part`));
    },
  );
});

test('redirects are followed, to other paths and hosts, with the range that is missing', async () => {
  const ranges: (string | undefined)[] = [];
  const whole = ranged(ranges);
  const asked: (string | undefined)[] = [];
  const elsewhere: RequestListener = (request, response) => {
    asked.push(request.url);
    const to = { '/library.zip': '/latest?a=1', '/latest?a=1': `http://localhost:${request.socket.localPort}/there` }[
      request.url as string
    ];
    if (to === undefined) return whole(request, response);
    response.writeHead(request.url === '/library.zip' ? 302 : 307, { location: to }).end('moved');
  };
  await withServer(elsewhere, async (url, file) => {
    writeFileSync(`${file}.part`, content.subarray(0, half));
    await download(url, file, sha256);
    assert.deepEqual(asked, ['/library.zip', '/latest?a=1', '/there']);
    assert.deepEqual(ranges, [`bytes=${half}-`]);
    assert.ok(readFileSync(file).equals(content));
  });
});

test('redirects that lead nowhere are errors', async () => {
  const cases: ReadonlyArray<readonly [location: string | undefined, message: RegExp]> = [
    ['/library.zip', /it redirects more than 5 times/],
    [undefined, /it answers 302 without saying where to/],
    ['http://', /it answers 302 without saying where to/],
    ['ftp://127.0.0.1/library.zip', /it redirects to ftp:.*, which is not HTTPS/],
  ];
  for (const [location, message] of cases) {
    const away: RequestListener = (_, response) => {
      response.writeHead(302, location === undefined ? {} : { location }).end();
    };
    await withServer(away, async (url, file) => {
      await assert.rejects(download(url, file, sha256), message);
      assert.ok(!existsSync(file) && !existsSync(`${file}.part`));
    });
  }
});
