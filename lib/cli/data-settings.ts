import type { DataConfig } from '../data/kinds/index.js';
import { ByolError } from '../errors.js';

/**
 * What --set says of images that a path leads to: data.KEY=VALUE. Throws ERR_BYOL_CONFIG for settings that this kind of data has not,
 * ERR_BYOL_USAGE for settings of anything else.
 */
export async function configureData(config: DataConfig, set: readonly string[]): Promise<DataConfig> {
  if (set.length === 0) return config;
  onlyData(set);
  const { applyOverride, parseOverride } = await import('../config/overrides.js');
  const { configError } = await import('../config/parse.js');
  const { dataKind, schemaOf } = await import('../data/kinds/index.js');
  const settings = { data: { ...config } };
  for (const argument of set) {
    const override = parseOverride(argument);
    if (typeof override === 'string') throw configError([{ path: ['--set'], message: override }]);
    const problem = applyOverride(settings, override);
    if (problem !== undefined) throw configError([problem], () => '--set');
  }
  const parsed = schemaOf(dataKind(config)).safeParse(settings.data);
  if (parsed.success) return parsed.data as DataConfig;
  const problems = parsed.error.issues.map(({ path, message }) => ({ path: ['data', ...path.map(String)], message }));
  throw configError(problems, () => '--set');
}

/** Before anything is read. Throws ERR_BYOL_USAGE for settings of anything but data. */
export function onlyData(set: readonly string[]): void {
  const other = set.find((argument) => !/^\s*data\./.test(argument));
  if (other === undefined) return;
  throw new ByolError(
    'ERR_BYOL_USAGE',
    `--set changes a run's settings, which files of weights or images have none of: of images that are given only data.KEY=VALUE can be set, not ${other}.`,
  );
}
