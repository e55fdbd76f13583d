import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { ByolError } from '../../errors.js';
import { writeError } from '../packed/store-writer.js';
import type { SetFile } from './sets.js';

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the file; `total` is null where no server has said it yet. */
  readonly onProgress?: ((done: number, total: number | null) => void) | undefined;
  /** Milliseconds before a home is asked again, doubled each time. Default: 1000. */
  readonly pause?: number | undefined;
  /** Milliseconds after which a server that sends nothing is given up. Default: 30 s. */
  readonly patience?: number | undefined;
}

/** Times that a home is asked in a row without a byte of what is wanted. */
const ATTEMPTS = 5;

/** Why a home does not do: another may. */
class HomeError extends Error {
  readonly again: boolean;

  /** @param again whether the same home may do later. */
  constructor(message: string, again: boolean) {
    super(message);
    this.again = again;
  }
}

/**
 * Downloads a file to `path`, where it appears only when it is whole and its checksum is right. What an earlier attempt has got, also one that
 * was killed, is gone on with where the server can; homes are tried in turn, each several times.
 *
 * Throws ERR_BYOL_CHECKSUM where every home gives another file, ERR_BYOL_DATA where none can be reached, ERR_BYOL_IO where it cannot be
 * written; the signal's reason.
 */
export async function download(file: SetFile, path: string, options: DownloadOptions = {}): Promise<void> {
  const problems: string[] = [];
  let isWrong = false;
  for (const url of file.urls) {
    try {
      await fromHome(file, url, path, options);
      await check(file, `${path}.part`);
      await rename(`${path}.part`, path);
      await rm(`${path}.part.from`, { force: true });
      return;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof HomeError)) throw error instanceof ByolError ? error : writeError(path, error);
      isWrong ||= error instanceof WrongSum;
      problems.push(`${url}: ${error.message}`);
    }
  }
  throw new ByolError(
    isWrong ? 'ERR_BYOL_CHECKSUM' : 'ERR_BYOL_DATA',
    `${file.name} cannot be fetched. ${problems.map((problem) => `${problem}.`).join(' ')}`,
    { hint: 'Give the same command again later: it goes on where it was.' },
  );
}

class WrongSum extends HomeError {}

async function fromHome(file: SetFile, url: string, path: string, options: DownloadOptions): Promise<void> {
  const { signal, pause = 1000 } = options;
  for (let failed = 0; ; ) {
    const before = await sizeOf(`${path}.part`);
    try {
      await receive(file, url, path, options);
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (isOfDisk(error)) throw error;
      const again = !(error instanceof HomeError) || error.again;
      failed = (await sizeOf(`${path}.part`)) > before ? 1 : failed + 1;
      if (!again || failed >= ATTEMPTS)
        throw error instanceof HomeError ? error : new HomeError(reasonOf(error), false);
      await setTimeout(pause * 2 ** (failed - 1), null, { signal });
    }
  }
}

/** One request, and what comes of it. */
async function receive(
  file: SetFile,
  url: string,
  path: string,
  { signal, onProgress, patience = 30_000 }: DownloadOptions,
): Promise<void> {
  const part = `${path}.part`;
  const have = await resumable(file, url, path);
  const quiet = new AbortController();
  const watch = new Watch(patience, () => quiet.abort(new Error('it sends nothing')));
  try {
    const response = await fetch(url, {
      // Otherwise .gz files might be unpacked on the way.
      headers: { 'Accept-Encoding': 'identity', ...rangeOf(have) },
      signal: AbortSignal.any([quiet.signal, ...(signal ? [signal] : [])]),
    });
    const { status, headers } = response;
    watch.rest();
    if (new URL(url).protocol === 'https:' && new URL(response.url).protocol !== 'https:') {
      throw new HomeError(`it redirects to ${response.url}, which is not HTTPS`, false);
    }
    if (status === 416) {
      await response.body?.cancel();
      // There is no more of it: nothing is missing, or what was got is of another file.
      if (headers.get('content-range') === `bytes */${have.bytes}`) return;
      await rm(part, { force: true });
      throw new HomeError('it has fewer bytes than were got before', true);
    }
    if (status !== 200 && status !== 206) {
      await response.body?.cancel();
      throw new HomeError(`it answers ${status}`, status === 429 || status >= 500);
    }
    const start = status === 206 ? firstByte(headers.get('content-range'), have.bytes) : 0;
    const length = headers.get('content-length');
    const total = length === null ? null : start + Number(length);
    await writeFile(`${part}.from`, JSON.stringify({ url, validator: validatorOf(headers) }));
    const received = await store(response, part, start, (done) => {
      watch.rest();
      onProgress?.(done, total ?? file.bytes);
    });
    if (total !== null && received < total) throw new HomeError(`it ends after ${received} of ${total} bytes`, true);
  } catch (error) {
    throw quiet.signal.aborted ? new HomeError('it sends nothing', true) : error;
  } finally {
    watch.end();
  }
}

/** Calls `bark` where it is not told to rest for long. */
class Watch {
  readonly #timer: NodeJS.Timeout;
  #at = performance.now();

  constructor(milliseconds: number, bark: () => void) {
    this.#timer = setInterval(
      () => {
        if (performance.now() - this.#at > milliseconds) bark();
      },
      Math.min(1000, milliseconds / 4),
    );
  }

  rest(): void {
    this.#at = performance.now();
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

interface Have {
  readonly bytes: number;
  /** By which the server tells whether its file is the one that was begun with; null: the checksum has to. */
  readonly validator: string | null;
}

/** What is there already of a file and can be gone on with. */
async function resumable(file: SetFile, url: string, path: string): Promise<Have> {
  const bytes = await sizeOf(`${path}.part`);
  if (bytes === 0) return { bytes: 0, validator: null };
  const from = await readFile(`${path}.part.from`, 'utf8').then(
    (text) => JSON.parse(text) as { url?: string; validator?: string | null },
    () => ({ url: undefined, validator: null }),
  );
  const validator = from.url === url ? (from.validator ?? null) : null;
  if (validator !== null || file.checksum !== null) return { bytes, validator };
  // Nothing would tell that it is put together from two files.
  await rm(`${path}.part`, { force: true });
  return { bytes: 0, validator: null };
}

function rangeOf({ bytes, validator }: Have): Record<string, string> {
  if (bytes === 0) return {};
  return { Range: `bytes=${bytes}-`, ...(validator !== null && { 'If-Range': validator }) };
}

/** Weak ones do not say that every byte is the same (RFC 9110, section 13.1.5). */
function validatorOf(headers: Headers): string | null {
  const etag = headers.get('etag');
  return etag !== null && !etag.startsWith('W/') ? etag : null;
}

function firstByte(range: string | null, asked: number): number {
  const first = Number(/^bytes (\d+)-/.exec(range ?? '')?.[1] ?? Number.NaN);
  if (first === asked) return first;
  throw new HomeError(`it was asked for what follows byte ${asked}, and answers ${range}`, false);
}

/** Returns how many bytes the file has then. */
async function store(
  response: Response,
  path: string,
  start: number,
  onBytes: (done: number) => void,
): Promise<number> {
  const file: FileHandle = await open(path, start === 0 ? 'w' : 'r+');
  try {
    await file.truncate(start);
    let done = start;
    for await (const chunk of response.body ?? []) {
      for (let written = 0; written < chunk.length; ) {
        const { bytesWritten } = await file.write(chunk, written, chunk.length - written, done + written);
        written += bytesWritten;
      }
      done += chunk.length;
      onBytes(done);
    }
    await file.sync();
    return done;
  } finally {
    await file.close();
  }
}

async function check({ checksum }: SetFile, path: string): Promise<void> {
  if (checksum === null) return;
  const hash = createHash(checksum.algorithm);
  await pipeline(createReadStream(path), hash);
  const found = hash.digest('hex');
  if (found === checksum.value) return;
  // Never gone on with: it would stay wrong.
  await rm(path, { force: true });
  throw new WrongSum(
    `its ${checksum.algorithm.toUpperCase()} is ${found} and should be ${checksum.value}; it was thrown away`,
    false,
  );
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

function isOfDisk(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code !== undefined && ['write', 'open', 'ftruncate', 'fsync'].includes(syscall ?? '');
}

/** fetch() says "fetch failed", and why in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
