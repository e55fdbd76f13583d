import { ByolError } from '../errors.js';
import { isSettings } from './layers.js';
import { currentNames } from './old-names.js';
import { type Problem, problemsOf } from './problems.js';
import { type Config, configSchema } from './schema.js';
import { formatPath, type Path } from './schema-tree.js';

/** Says of a setting's path where its value has come from, or another remark that helps. */
export type Origin = (path: Path) => string | undefined;

/**
 * Checks a whole configuration. Throws ERR_BYOL_CONFIG with every problem, one a line: the setting's path, what was expected
 * and what was there; for unknown settings the nearest known one. Returns a copy.
 *
 * @param found problems that are known already, to be told together with the schema's.
 */
export function parseConfig(value: unknown, origin: Origin = () => undefined, found: readonly Problem[] = []): Config {
  const settings = isSettings(value) ? currentNames(value) : value;
  const parsed = configSchema().safeParse(settings);
  if (parsed.success && found.length === 0) return parsed.data;
  throw configError([...found, ...problemsOf(parsed.error?.issues ?? [], settings)], origin);
}

/** All problems in one error. */
export function configError(problems: readonly Problem[], origin: Origin = () => undefined): ByolError {
  const lines = problems.map(({ path, message }) => {
    const from = origin(path);
    return `${path.length === 0 ? 'the configuration' : formatPath(path)}: ${message}${from === undefined ? '' : ` (${from})`}`;
  });
  const list = lines.map((line) => `\n  ${line}`).join('');
  return new ByolError(
    'ERR_BYOL_CONFIG',
    lines.length === 1 ? `Invalid setting: ${lines[0]}` : `${lines.length} invalid settings:${list}`,
  );
}
