import { readdirSync, readFileSync } from 'node:fs';
import type { CoreReading } from './thread-policy.js';

/** Name of the LibTorch thread (native/napi/torch_thread.cpp), which the threads that OpenMP makes for it inherit. */
const TEAM = 'byol-torch';

/** /proc/stat counts hundredths of a second. */
const TICK_MS = 10;

/**
 * Watches how long LibTorch's threads wait for a core, and which cores are idle, from what Linux tells of every thread:
 * /proc/self/task/N/schedstat (Documentation/scheduler/sched-stats.rst) and /proc/stat. CPU time would not show it: threads
 * that wait for one another spin. While the process's own other threads run, JavaScript's above all, LibTorch's wait for them
 * and not for other work: that does not count. Reading takes about ten microseconds a thread.
 */
export class CoreShortage {
  readonly #proc: string;
  readonly #allowed: ReadonlySet<number>;
  /** Nanoseconds for which each thread of the team has waited for a core, and each other one has run. */
  readonly #counted = new Map<string, { readonly inTeam: boolean; readonly nanoseconds: number }>();
  #time: number;
  /** Of the last reading that wanted it. */
  #idle: number | null = null;

  private constructor(proc: string, allowed: ReadonlySet<number>) {
    this.#proc = proc;
    this.#allowed = allowed;
    this.#time = performance.now();
    this.#newlyWaitedMs();
  }

  /** null where the system does not tell: not Linux, or a kernel or sandbox without these files. `proc`: for tests. */
  static open(proc = '/proc'): CoreShortage | null {
    try {
      const main = readdirSync(`${proc}/self/task`)[0];
      readFileSync(`${proc}/self/task/${main}/schedstat`);
      const status = readFileSync(`${proc}/self/status`, 'utf8');
      const allowed = cpuList(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '');
      return allowed.size === 0 ? null : new CoreShortage(proc, allowed);
    } catch {
      return null;
    }
  }

  /**
   * Since the last call. `wantsIdle`: whether idle cores matter; where not, or not at the last call, they are 0. On machines
   * with many cores the system takes long to tell them.
   */
  read(wantsIdle = true): CoreReading {
    const time = performance.now();
    const elapsed = Math.max(time - this.#time, 1);
    const idle = wantsIdle ? this.#idleMs() : null;
    const newlyIdle = idle === null || this.#idle === null ? 0 : idle - this.#idle;
    this.#time = time;
    this.#idle = idle;
    return { elapsed, waiting: this.#newlyWaitedMs() / elapsed, idle: newlyIdle / elapsed };
  }

  #newlyWaitedMs(): number {
    let waited = 0;
    let ranBeside = 0;
    const tasks = readdirSync(`${this.#proc}/self/task`);
    for (const task of tasks) {
      const known = this.#counted.get(task);
      try {
        const inTeam = known?.inTeam ?? this.#read(task, 'comm').trim() === TEAM;
        const [ran, queued] = this.#read(task, 'schedstat').split(' ').map(Number);
        const nanoseconds = (inTeam ? queued : ran) ?? 0;
        const newly = nanoseconds - (known?.nanoseconds ?? 0);
        if (inTeam) waited += newly;
        else ranBeside += newly;
        this.#counted.set(task, { inTeam, nanoseconds });
      } catch {
        // It has ended meanwhile.
      }
    }
    // Their numbers may come again.
    const alive = new Set(tasks);
    for (const task of this.#counted.keys()) if (!alive.has(task)) this.#counted.delete(task);
    return Math.max(0, waited - ranBeside) / 1e6;
  }

  #read(task: string, file: string): string {
    return readFileSync(`${this.#proc}/self/task/${task}/${file}`, 'utf8');
  }

  /** Of all cores that this process may use, since the system started; waiting for a disk is idling. */
  #idleMs(): number {
    let ticks = 0;
    for (const line of readFileSync(`${this.#proc}/stat`, 'utf8').split('\n')) {
      const fields = /^cpu(\d+) (.*)$/.exec(line);
      if (fields === null) {
        if (line.startsWith('intr')) break;
        continue;
      }
      if (!this.#allowed.has(Number(fields[1]))) continue;
      const [, , , idle, disk] = (fields[2] as string).split(' ').map(Number);
      ticks += (idle ?? 0) + (disk ?? 0);
    }
    return ticks * TICK_MS;
  }
}

/** "0-3,8": 0, 1, 2, 3 and 8. */
function cpuList(text: string): Set<number> {
  const cpus = new Set<number>();
  for (const part of text.split(',')) {
    const [first, last = first] = part.split('-').map(Number);
    if (first === undefined || last === undefined || part === '') continue;
    for (let cpu = first; cpu <= last; cpu += 1) cpus.add(cpu);
  }
  return cpus;
}
