import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { lockRun } from '../../lib/run/run-lock.js';
import type { RunList } from '../../lib/serve/run-index.js';
import { type RunServer, serveRuns } from '../../lib/serve/server.js';
import { runId } from '../../lib/serve/watched-run.js';
import { withTempDir } from '../support/paths.js';
import { appendMetrics, makeRun, stepLine } from '../support/run-folders.js';

interface Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly host?: string;
}

/** The path goes out as it is, which neither fetch() nor a browser would do. */
function ask(
  port: number,
  path: string,
  { method = 'GET', headers = {}, host = '127.0.0.1' }: Asked = {},
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, path, method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString() }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('report server', () => {
  let server: RunServer;
  let token = '';
  let folder = '';
  let closeFolder = (): void => {};
  const get = (path: string, asked?: Asked): Promise<Response> => ask(server.port, `/${token}${path}`, asked);

  before(async () => {
    await new Promise<void>((ready, fail) => {
      const open = withTempDir(async (dir) => {
        folder = dir;
        mkdirSync(join(dir, 'runs'));
        writeFileSync(join(dir, 'secret.txt'), 'secret');
        makeRun(join(dir, 'runs/one'), { finished: true });
        makeRun(join(dir, 'runs/two'));
        writeFileSync(join(dir, 'runs/two/notes.txt'), 'secret');
        symlinkSync(dir, join(dir, 'runs/out'));
        server = await serveRuns({ folder: join(dir, 'runs'), port: 0 });
        token = new URL(server.address).pathname.split('/')[1] as string;
        ready();
        await new Promise<void>((resolve) => {
          closeFolder = resolve;
        });
      });
      open.catch(fail);
    });
  });

  after(async () => {
    await server.close();
    closeFolder();
  });

  test('without its token there is a sentence, and nothing else', async () => {
    const wrong = [
      '/',
      '',
      '/favicon.ico',
      '/runs.json',
      `/${token.slice(0, -1)}/`,
      `/${token}x/`,
      `/x${token}/runs.json`,
    ];
    for (const path of [
      ...wrong,
      `/${token.toLowerCase()}/`,
      `//${token}/`,
      `/?${token}`,
      `/${'x'.repeat(token.length)}/`,
    ]) {
      const { status, body } = await ask(server.port, path === '' ? '/' : path);
      assert.equal(status, 403, path);
      assert.match(body, /^The token in this address is missing, wrong, or of an earlier start/);
      assert.doesNotMatch(body, new RegExp(token));
    }
    assert.ok(token.length >= 32);
    const other = await serveRuns({ folder: join(folder, 'runs'), port: 0 });
    try {
      assert.notEqual(new URL(other.address).pathname, new URL(server.address).pathname);
      assert.equal((await ask(other.port, `/${token}/`)).status, 403);
    } finally {
      await other.close();
    }
  });

  test('pages come with headers that keep other pages out', async () => {
    for (const path of ['/', '/runs.json', '/nothing']) {
      const { headers } = await get(path);
      assert.match(
        headers['content-security-policy'] as string,
        /^default-src 'none'; .*base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
      );
      assert.doesNotMatch(headers['content-security-policy'] as string, /script-src[^;]*unsafe/);
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
      assert.equal(headers['access-control-allow-origin'], undefined);
      assert.equal(headers['set-cookie'], undefined);
    }
    const { status, headers } = await get('');
    assert.equal(status, 308);
    assert.equal(headers['location'], `/${token}/`);
  });

  test('under a name that is not this machine nothing is told', async () => {
    const { port } = server;
    for (const host of [
      'attacker.example',
      `attacker.example:${port}`,
      '127.0.0.1.attacker.example',
      '0.0.0.0',
      '127.0.0.1@x',
      '127.1',
      'localhost.',
    ]) {
      const { status, body } = await get('/', { headers: { Host: host } });
      assert.equal(status, 403, host);
      assert.match(body, /under a name that is not this machine/);
    }
    for (const host of [`127.0.0.1:${port}`, 'localhost:9000', `[::1]:${port}`, 'LOCALHOST']) {
      assert.equal((await get('/', { headers: { Host: host } })).status, 200, host);
    }
  });

  test('other pages get nothing, but may link to it', async () => {
    const host = `127.0.0.1:${server.port}`;
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await get('/runs.json', { headers: { Host: host, ...headers } })).status;
    assert.equal(await status({ Origin: 'https://attacker.example' }), 403);
    assert.equal(await status({ Origin: 'null' }), 403);
    assert.equal(await status({ Origin: 'http://127.0.0.1:1' }), 403);
    assert.equal(await status({ Origin: `http://${host}` }), 200);
    for (const site of ['cross-site', 'same-site', 'odd']) {
      assert.equal(
        await status({ 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'script' }),
        403,
      );
      assert.equal(
        await status({ 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' }),
        403,
      );
      assert.equal(
        await status({ 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }),
        200,
      );
    }
    assert.equal(
      await status({ 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' }),
      200,
    );
    assert.equal(await status({ 'Sec-Fetch-Site': 'none' }), 200);
  });

  test('nothing can be changed', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      const { status, headers } = await get('/', { method });
      assert.equal(status, 405, method);
      assert.equal(headers['allow'], 'GET, HEAD');
    }
    assert.equal((await ask(server.port, '/', { method: 'POST' })).status, 403);
  });

  test('no path leads to a file', async () => {
    const { runs } = JSON.parse((await get('/runs.json')).body) as RunList;
    const two = runs.find(({ name }) => name === 'two');
    const forms = [
      '/../secret.txt',
      '/../../../../etc/passwd',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/..%5csecret.txt',
      '/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
      '/%252e%252e%252fsecret.txt',
      '/..\\secret.txt',
      '//etc/passwd',
      '/out/secret.txt',
      '/two/notes.txt',
      '/two/config.json',
      '/run/two/',
      '/run/../',
      '/run/%2e%2e/',
      `/run/${two?.id}/notes.txt`,
      `/run/${two?.id}/config.json`,
      `/run/${two?.id}/../../secret.txt`,
      `/run/${two?.id}/..%2f..%2fsecret.txt`,
      `/run/${two?.id}/checkpoints`,
      '/run/__proto__/',
      '/run/constructor/data.json',
      '/runs.json/../../secret.txt',
      '/runs.json%00',
      '/.%00./secret.txt',
    ];
    for (const path of forms) {
      const { status, body } = await get(path);
      assert.equal(status, 404, path);
      assert.doesNotMatch(body, /secret|root:/);
    }
    const absolute = await ask(server.port, `http://attacker.example/${token}/`, { headers: { Host: '127.0.0.1' } });
    assert.equal(absolute.status, 403);
  });

  test('pages of runs are asked for by ids', async () => {
    const [one, two] = [runId('one'), runId('two')];
    for (const path of [
      `/run/${one}/`,
      `/compare?run=${one}&run=${two}`,
      `/run/${one}/data.json`,
      `/compare.json?run=${two}`,
    ]) {
      const { status, headers, body } = await get(path);
      assert.equal(status, 200, path);
      const policy = headers['content-security-policy'] as string;
      assert.ok(!path.endsWith('/') || /script-src 'sha256-[^;]*; connect-src 'self'/.test(policy), policy);
      assert.equal((await get(path, { headers: { 'If-None-Match': headers['etag'] as string } })).status, 304);
      assert.doesNotMatch(body, new RegExp(token));
    }
    const { body } = await get(`/compare.json?run=${two}&run=${two}&run=${one}`);
    assert.deepEqual(
      (JSON.parse(body) as { runs: { name: string }[] }).runs.map(({ name }) => name),
      ['two', 'one'],
    );
    for (const path of [
      '/compare',
      '/compare?run=',
      '/compare?run=..',
      `/compare?run=${one}&run=0000000000000000`,
      '/run/0000000000000000/',
    ]) {
      assert.equal((await get(path)).status, 404, path);
    }
    const many = await get(`/compare?${'run=x&'.repeat(25)}`);
    assert.equal(many.status, 503);
    assert.match(many.body, /No more than 24 runs fit on one page, and these are 25/);
  });

  test('what is not HTTP ends the connection, not the server', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.write('\x16\x03\x01 not http\r\n\r\n'));
      socket.on('close', () => resolve());
      socket.on('error', () => {});
      socket.resume();
    });
    assert.equal((await get('/')).status, 200);
  });

  test('HEAD is GET without the body', async () => {
    for (const path of ['/', '/runs.json']) {
      const whole = await get(path);
      const head = await get(path, { method: 'HEAD' });
      assert.equal(head.status, 200);
      assert.equal(head.body, '');
      assert.equal(head.headers['content-length'] !== undefined, true);
      assert.equal(head.headers['etag'], whole.headers['etag']);
      assert.equal(head.headers['content-type'], whole.headers['content-type']);
    }
  });

  test('what has not changed is not sent again', async () => {
    const first = await get('/runs.json');
    const list = JSON.parse(first.body) as RunList;
    assert.deepEqual(list.runs.map(({ name }) => name).sort(), ['one', 'two']);
    const again = { headers: { 'If-None-Match': first.headers['etag'] as string } };
    const same = await get(`/runs.json?after=${list.version}`, again);
    assert.equal(same.status, 304);
    assert.equal(same.body, '');
    const lock = await lockRun(join(folder, 'runs/two'));
    appendMetrics(join(folder, 'runs/two'), stepLine(21));
    await new Promise((resolve) => setTimeout(resolve, 600));
    const changed = await get(`/runs.json?after=${list.version}`, again);
    await lock.release();
    assert.equal(changed.status, 200);
    const { runs } = JSON.parse(changed.body) as RunList;
    assert.deepEqual(
      runs.map(({ name, step }) => [name, step]),
      [['two', 21]],
    );
    // What is no version is none.
    assert.equal((JSON.parse((await get('/runs.json?after=x')).body) as RunList).runs.length, 2);
  });

  test('listens on loopback addresses alone', async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of others) {
      await assert.rejects(ask(server.port, `/${token}/`, { host: address, headers: { Host: '127.0.0.1' } }), {
        code: 'ECONNREFUSED',
      });
    }
    const six = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
    if (six) assert.equal((await get('/', { host: '::1' })).status, 200);
  });

  test('a port that is taken', async () => {
    await assert.rejects(serveRuns({ folder: join(folder, 'runs'), port: server.port }), {
      code: 'ERR_BYOL_IO',
      message: `Cannot serve on 127.0.0.1: another program is listening on port ${server.port}.`,
    });
  });

  test('a folder that is deleted meanwhile is told, and found when it is back', async () => {
    const lost = join(folder, 'lost');
    makeRun(join(lost, 'run'));
    const second = await serveRuns({ folder: lost, port: 0 });
    try {
      const path = new URL(second.address).pathname;
      assert.equal((await ask(second.port, `${path}runs.json`)).status, 200);
      rmSync(lost, { recursive: true });
      await new Promise((resolve) => setTimeout(resolve, 600));
      const { status, body } = await ask(second.port, `${path}runs.json`);
      assert.equal(status, 503);
      assert.match(body, /^Cannot list /);
      makeRun(join(lost, 'run'));
      await new Promise((resolve) => setTimeout(resolve, 600));
      assert.equal((await ask(second.port, `${path}runs.json`)).status, 200);
    } finally {
      await second.close();
    }
  });

  test('ends at once, also with open connections', async () => {
    const third = await serveRuns({ folder: join(folder, 'runs'), port: 0 });
    const socket = connect(third.port, '127.0.0.1');
    socket.on('error', () => {});
    await new Promise((resolve) => socket.on('connect', resolve));
    socket.write(`GET ${new URL(third.address).pathname} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    const ended = new Promise((resolve) => socket.on('close', resolve));
    await third.close();
    await ended;
    await assert.rejects(ask(third.port, '/'), { code: 'ECONNREFUSED' });
  });
});
