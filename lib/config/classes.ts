import { dataKind } from '../data/kinds/index.js';
import { ByolError } from '../errors.js';
import type { Config } from './schema.js';

/** `projector.output: 'classes'` as their number, where the kind of data alone says it. */
export function withKnownClasses<T extends Pick<Config, 'data' | 'projector'>>(config: T): T {
  return withOutput(config, dataKind(config.data).classes);
}

/**
 * `projector.output: 'classes'` as the number of classes of the images that were opened.
 *
 * @throws ByolError ERR_BYOL_DATA: they have none.
 */
export function withClasses(config: Config, classes: number): Config {
  if (config.projector.output === 'classes' && classes === 0) {
    throw new ByolError(
      'ERR_BYOL_DATA',
      "projector.output is 'classes', but the training images have no labels: give a number, or images with labels.",
    );
  }
  return withOutput(config, classes);
}

/** Of a configuration whose data are open. */
export function projectorOutput({ projector }: Pick<Config, 'projector'>): number {
  if (projector.output !== 'classes') return projector.output;
  throw new ByolError(
    'ERR_BYOL_CONFIG',
    "projector.output is 'classes', whose number is not known before data are open.",
  );
}

function withOutput<T extends Pick<Config, 'projector'>>(config: T, classes: number | undefined): T {
  const { projector } = config;
  if (projector.output !== 'classes' || classes === undefined) return config;
  return { ...config, projector: { ...projector, output: classes } };
}
