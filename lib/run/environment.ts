import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadNative } from '../binding/load.js';
import type { DeviceFacts, NativeInfo } from '../binding/native.js';
import { packageRoot, packageVersion } from '../binding/package-root.js';
import type { Config } from '../config/schema.js';
import { type ResolvedDevice, resolveDevice, resolvePrecision } from '../methods/learner-spec.js';
import { quoteCommand } from '../text/shell.js';

/** Where and with what a run was made: enough to explain a number later. */
export interface Environment {
  readonly date: string;
  /** As a POSIX shell takes it. */
  readonly command: string;
  readonly version: string;
  /** Of the package's own checkout, "-dirty" if it had changes; null outside git. */
  readonly commit: string | null;
  readonly node: string;
  readonly platform: string;
  readonly torch: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly cpuCapability: string;
  readonly host: string;
  readonly threads: number;
  readonly device: string;
  readonly precision: 'float32' | 'bfloat16';
  /** The device's own name, compute capability, driver, ...; left out on the CPU. */
  readonly card?: DeviceFacts;
}

export async function describeEnvironment(info: NativeInfo, resolved: ResolvedDevice): Promise<Environment> {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    command: quoteCommand([process.argv0, ...process.execArgv, ...process.argv.slice(1)]),
    version: packageVersion(),
    commit: await commitOf(packageRoot()),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    torch: info.torchLoaded,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    cpuCapability: info.cpuCapability,
    host: hostname(),
    threads: info.threads,
    device: resolved.device,
    precision: resolved.precision,
    ...(resolved.device !== 'cpu' && { card: await loadNative().deviceFacts(resolved.device) }),
  };
}

/** The environment that runs with these settings get. Loads the native part. */
export async function describePlace(config: Config): Promise<Environment> {
  const info = loadNative().info();
  const device = resolveDevice(config.device, info);
  return describeEnvironment(info, { device, precision: resolvePrecision(config.precision, device, info) });
}

async function commitOf(root: string): Promise<string | null> {
  // An installed package may lie inside the user's own repository, whose commit would say nothing about this code.
  if (!existsSync(join(root, '.git'))) return null;
  try {
    const describe = ['-C', root, 'describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'];
    return (await promisify(execFile)('git', describe)).stdout.trim();
  } catch {
    return null;
  }
}
