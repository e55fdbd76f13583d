import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Cores that this process can keep busy: those that it may run on (taskset, cpusets), or fewer where a container has a quota
 * of CPU time (docker --cpus, Kubernetes limits), which Node.js does not see; 1 or more. Threads beyond a quota spend it on
 * waiting and then all stand still.
 */
export function availableCores(root = '/', cores = availableParallelism()): number {
  return Math.max(1, Math.min(cores, Math.floor(cpuQuota(root))));
}

/** In cores: the smallest quota of the process's control group and the groups above it. Infinity without one. */
function cpuQuota(root: string): number {
  // "0::/path" for version 2, "4:cpu,cpuacct:/path" for version 1.
  const lines = read(join(root, 'proc/self/cgroup')).trim().split('\n');
  let quota = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    const [, controllers = '', group] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (group === undefined) continue;
    const unified = controllers === '';
    if (!unified && !controllers.split(',').includes('cpu')) continue;
    const base = join(root, 'sys/fs/cgroup', unified ? '' : 'cpu');
    // A container may see its group's path outside and have it mounted at the top: groups that are not there have no quota.
    for (let path = group; ; path = dirname(path)) {
      quota = Math.min(quota, unified ? quotaOf(join(base, path)) : oldQuotaOf(join(base, path)));
      if (path === '/' || path === '.') break;
    }
  }
  return quota;
}

/** "150000 100000" or "max 100000": microseconds of CPU time in so many microseconds. */
function quotaOf(folder: string): number {
  const [quota, period] = read(join(folder, 'cpu.max')).trim().split(' ').map(Number);
  return cores(quota, period);
}

function oldQuotaOf(folder: string): number {
  return cores(Number(read(join(folder, 'cpu.cfs_quota_us'))), Number(read(join(folder, 'cpu.cfs_period_us'))));
}

/** -1, "max" and files that are not there are no quota. */
function cores(quota: number | undefined, period: number | undefined): number {
  return quota !== undefined && period !== undefined && quota > 0 && period > 0
    ? quota / period
    : Number.POSITIVE_INFINITY;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
