import { z } from 'zod';
import type { Environment } from '../run/environment.js';
import type { EnvironmentFile } from '../run/run-folder.js';

/** Where a record was made, fit to be committed. */
export const environmentSchema = z.strictObject({
  date: z.string(),
  version: z.string(),
  commit: z.string().nullable(),
  node: z.string(),
  platform: z.string(),
  torch: z.string(),
  cpu: z.string(),
  cores: z.number(),
  memoryGiB: z.number(),
  cpuCapability: z.string(),
  threads: z.number(),
  device: z.string(),
  precision: z.string(),
  /** The device's own facts; left out on the CPU. */
  card: z.record(z.string(), z.unknown()).optional(),
});

export type RecordEnvironment = z.infer<typeof environmentSchema>;

/** Names of machines, and of folders on a command line, belong to people. */
export function withoutOwner(environment: Environment | EnvironmentFile): RecordEnvironment {
  const { host: _host, command: _command, card, ...rest } = environment;
  const { initFrom: _initFrom, resumed: _resumed, ...place } = { initFrom: null, resumed: null, ...rest };
  return { ...place, ...(card !== undefined && { card: { ...card } }) };
}
