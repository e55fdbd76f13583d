import { readFileSync } from 'node:fs';
import { type FileHandle, link, open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { ioError } from '../data/atomic-file.js';
import { ByolError } from '../errors.js';

/** `run.lock`: one process at a time writes to a run folder. A lock whose process is gone does not count. */

export const LOCK_FILE = 'run.lock';

const ownerSchema = z.strictObject({
  pid: z.int(),
  host: z.string(),
  /** When the process started, in the system's own terms: process numbers are reused, above all in containers. */
  birth: z.string(),
  since: z.string(),
});
type Owner = z.infer<typeof ownerSchema>;

/** Folders that this thread holds: its own process number in a lock file means nothing else. */
const held = new Set<string>();

export interface RunLock {
  release(): Promise<void>;
}

/** Throws ERR_BYOL_RUN_LOCKED, naming the owner, if another run is writing to the folder. */
export async function lockRun(folder: string): Promise<RunLock> {
  const path = join(resolve(folder), LOCK_FILE);
  if (held.has(path)) throw lockedError(folder, 'this process');
  held.add(path);
  try {
    while (!(await tryCreate(path))) await removeIfStale(path, folder);
  } catch (error) {
    held.delete(path);
    throw error;
  }
  return {
    async release() {
      if (held.delete(path)) await rm(path, { force: true });
    },
  };
}

async function tryCreate(path: string): Promise<boolean> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'wx');
    const owner: Owner = {
      pid: process.pid,
      host: hostname(),
      birth: birthOf(process.pid),
      since: new Date().toISOString(),
    };
    await file.writeFile(`${JSON.stringify(owner)}\n`);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    if (file !== undefined) await rm(path, { force: true });
    throw ioError(path, 'write', error);
  } finally {
    await file?.close();
  }
}

async function removeIfStale(path: string, folder: string): Promise<void> {
  const text = await readSettled(path);
  if (text === null) return;
  const owner = parseOwner(text);
  if (owner !== null && isAlive(owner)) throw lockedError(folder, describe(owner));
  // Moved away before it is deleted: another process may have found it stale too and put its own lock here meanwhile.
  const moved = `${path}.${process.pid}.stale`;
  try {
    await rename(path, moved);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw ioError(path, 'replace', error);
  }
  if ((await readFile(moved, 'utf8')) !== text) await link(moved, path).catch(() => {});
  await rm(moved, { force: true });
}

function lockedError(folder: string, by: string): ByolError {
  return new ByolError(
    'ERR_BYOL_RUN_LOCKED',
    `The run folder ${folder} is in use by ${by}. Wait for it, stop it, or use another folder; ` +
      `if it is certainly gone, delete ${join(folder, LOCK_FILE)}.`,
  );
}

/** The lock's text once it is whole; as it is, if its writer was killed between creating and filling it; null: gone. */
async function readSettled(path: string): Promise<string | null> {
  for (let attempt = 0; ; attempt += 1) {
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text === null || parseOwner(text) !== null || attempt === 5) return text;
    await setTimeout(100);
  }
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
