import { readFileSync } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { ByolError } from '../errors.js';
import { ioError } from './atomic-file.js';

/** Lock files: one process at a time writes to what one stands for. A lock whose process is gone does not count. */

/** What takes microseconds has been given up by a process that was killed. */
const ABANDONED_MS = 3000;
/** Between looks at what another process holds. */
const WAIT_MS = 100;
/** Others' locks come and go while a process tries to get its own; for much longer than a killed one can block it they do not. */
const ATTEMPTS = (2 * ABANDONED_MS) / WAIT_MS;

const ownerSchema = z.strictObject({
  pid: z.int(),
  host: z.string(),
  /** When the process started, in the system's own terms: process numbers are reused, above all in containers. */
  birth: z.string(),
  since: z.string(),
});
type Owner = z.infer<typeof ownerSchema>;

/** Locks that this thread holds: its own process number in a lock file means nothing else. */
const held = new Set<string>();

export interface ProcessLock {
  /** Never fails: a lock that stays does not count once its process is gone. */
  release(): Promise<void>;
}

/** How a lock's errors are told. */
export interface LockErrors {
  /** Somebody has it: `by` is a process, "process 4711, since ...". */
  taken(by: string): ByolError;
  /** `problem`: what is there in place of a lock, after its name. */
  odd(problem: string): ByolError;
}

/** Throws `errors.taken` while another process has it, `errors.odd` for what is no lock, and ERR_BYOL_IO where it cannot be read or written. */
export async function holdLock(file: string, errors: LockErrors): Promise<ProcessLock> {
  const path = resolve(file);
  if (held.has(path)) throw errors.taken('this process');
  held.add(path);
  try {
    for (let attempt = 1; ; attempt += 1) {
      const mine = await tryCreate(path);
      if (mine !== null) return { release: () => release(path, mine) };
      if (attempt === ATTEMPTS) throw errors.taken('processes that take it from each other');
      await removeIfStale(path, errors);
    }
  } catch (error) {
    held.delete(path);
    throw error;
  }
}

/** Whose a lock is, for those who only look. */
export interface LockHolder {
  /** "process 4711, since ..." */
  readonly by: string;
  /** false: the process is gone, and the lock does not count. */
  readonly alive: boolean;
}

/** Takes nothing and waits for nothing. null: there is no lock, or none yet that says whose it is. Throws ERR_BYOL_IO. */
export async function lockHolder(file: string): Promise<LockHolder | null> {
  const unreadable = (): ByolError => new ByolError('ERR_BYOL_IO', `${file} should be a lock, but is no file.`);
  const owner = parseOwner((await readLock(resolve(file), { odd: unreadable })) ?? '');
  return owner && { by: describe(owner), alive: isAlive(owner) };
}

async function release(path: string, mine: string): Promise<void> {
  if (!held.delete(path)) return;
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === mine) await rm(path, { force: true }).catch(() => {});
}

/** The text of the lock that was made; null: there is one already. */
async function tryCreate(path: string): Promise<string | null> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'wx');
    const owner: Owner = {
      pid: process.pid,
      host: hostname(),
      birth: birthOf(process.pid),
      since: new Date().toISOString(),
    };
    const text = `${JSON.stringify(owner)}\n`;
    await file.writeFile(text);
    // Whoever stopped for long between creating and filling it has been taken for dead meanwhile.
    return (await readFile(path, 'utf8').catch(() => null)) === text ? text : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
    if (file !== undefined) await rm(path, { force: true }).catch(() => {});
    throw ioError(path, 'write', error);
  } finally {
    await file?.close();
  }
}

/** Throws if the lock counts, or if that cannot be told. */
async function removeIfStale(path: string, errors: LockErrors): Promise<void> {
  if (await isStale(path, errors)) await removeStale(path, errors);
}

/** false: it is gone. */
async function isStale(path: string, errors: LockErrors): Promise<boolean> {
  const text = await readSettled(path, errors);
  if (text === null) return false;
  if (text === '') return true;
  const owner = parseOwner(text);
  if (owner === null) throw errors.odd('does not say which process has it; it has been changed');
  if (isAlive(owner)) throw errors.taken(describe(owner));
  return true;
}

/**
 * Several processes may find a lock stale at once, and one of them may be slow: it is looked at again and removed by one at a
 * time, so that nobody removes the lock that another has made since.
 */
async function removeStale(path: string, errors: LockErrors): Promise<void> {
  const guard = `${path}.removing`;
  try {
    await mkdir(guard);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw ioError(path, 'replace', error);
    const made = await stat(guard).catch(() => null);
    if (made !== null && Date.now() - made.mtimeMs > ABANDONED_MS) await rm(guard, { recursive: true, force: true });
    await setTimeout(WAIT_MS);
    return;
  }
  try {
    if (await isStale(path, errors)) await rm(path, { force: true });
  } catch (error) {
    throw error instanceof ByolError ? error : ioError(path, 'replace', error);
  } finally {
    await rm(guard, { recursive: true, force: true }).catch(() => {});
  }
}

/** The lock's text once it is whole; '', if its writer was killed between creating and filling it; null: gone. */
async function readSettled(path: string, errors: LockErrors): Promise<string | null> {
  for (let attempt = 0; ; attempt += 1) {
    const text = await readLock(path, errors);
    if (text === null || parseOwner(text) !== null || attempt === 5) return text;
    await setTimeout(WAIT_MS);
  }
}

async function readLock(path: string, errors: Pick<LockErrors, 'odd'>): Promise<string | null> {
  try {
    // Not by opening it: a pipe would be waited for, and a link to nowhere would look as if the lock were gone.
    if ((await lstat(path)).isFile()) return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw ioError(path, 'read the lock', error);
  }
  throw errors.odd('should be a lock, but is no file');
}

function parseOwner(text: string): Owner | null {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function describe(owner: Owner): string {
  const elsewhere = owner.host === hostname() ? '' : ` on ${owner.host}`;
  return `process ${owner.pid}${elsewhere}, since ${owner.since}`;
}

function isAlive(owner: Owner): boolean {
  // Another machine's processes cannot be asked: its lock is believed.
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return birthOf(owner.pid) === owner.birth;
}

/** Start time of a running process in clock ticks since boot, and the boot; '' for the dead, and where no /proc tells. */
function birthOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // From field 3 on; the second field, the command in brackets, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? '' : `${boot}/${fields[19]}`;
  } catch {
    return '';
  }
}
