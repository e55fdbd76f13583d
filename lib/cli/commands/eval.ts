import { ByolError } from '../../errors.js';
import type { ProtocolName } from '../../eval/protocols/index.js';
import { table } from '../../text/format.js';
import type { Command, OptionValues } from '../command.js';
import {
  type EncoderArguments,
  encoderOptions,
  encoderPlace,
  runEncoderOptions,
  type Terminal,
  withEncoder,
  withTerminal,
} from '../with-encoder.js';

const options = {
  ...encoderOptions,
  set: {
    ...encoderOptions.set,
    describe: 'One setting of the evaluation: evaluation.knn.k=20, seed=3, data.limit=1000. May be repeated',
  },
  recipe: {
    type: 'string',
    requiresArg: true,
    describe: 'Settings that are known by a name, under those of --set: paper, code and others of `linear`',
  },
  json: { type: 'boolean', default: false, describe: 'The result as JSON' },
} as const;

type EvalArguments = OptionValues<typeof options> & { protocol?: string | undefined; path?: string | undefined };

export const command: Command<EvalArguments> = {
  command: 'eval [protocol] [path]',
  describe: 'Evaluate an encoder with frozen weights, or list the protocols',
  builder: (yargs) =>
    yargs
      .positional('protocol', { type: 'string', describe: 'How; without one the protocols are listed' })
      .positional('path', { type: 'string', describe: 'Folder of a run, or a file of weights (with --data)' })
      .options(options)
      .example('$0 eval knn runs/shapes', '')
      .example('$0 eval linear encoder.safetensors --data data/cifar-10-batches-bin', '')
      .example('$0 eval linear runs/cifar10 --recipe code', "As the authors' published code does it"),
  handler: async ({ protocol, json, recipe, ...given }) => {
    const { findProtocol, isProtocolName, protocols, unknownProtocol } = await import('../../eval/protocols/index.js');
    if (protocol === undefined) {
      const listed = protocols().map(({ name, title }) => ({ name, title }));
      const text = table(listed.map(({ name, title }) => [name, title]));
      process.stdout.write(`${json ? JSON.stringify(listed, null, 2) : text}\n`);
      return;
    }
    if (!isProtocolName(protocol)) throw unknownProtocol(protocol);
    const set = given.set ?? [];
    const asked = { ...given, set: [...(await recipeSettings(protocol, recipe, set)), ...set] };
    const { path, isRun } = await encoderPlace(asked, `byol eval ${protocol}`);
    const { describe } = findProtocol(protocol);
    await withTerminal(
      asked.quiet,
      (terminal) =>
        isRun ? evaluateFolder(path, protocol, asked, terminal) : evaluateFile(path, protocol, asked, terminal),
      (evaluation) => {
        const saved = isRun ? `\nSaved as eval-${protocol}.json in ${path}` : '';
        process.stdout.write(
          json ? `${JSON.stringify(evaluation, null, 2)}\n` : `${describe(evaluation.result)}${saved}\n`,
        );
      },
    );
  },
};

/** As --set would say them; without those that it says itself. */
async function recipeSettings(
  protocol: ProtocolName,
  recipe: string | undefined,
  set: readonly string[],
): Promise<string[]> {
  if (recipe === undefined) return [];
  const { findProtocol } = await import('../../eval/protocols/index.js');
  const recipes: Readonly<Record<string, object>> = findProtocol(protocol).recipes ?? {};
  const settings = Object.hasOwn(recipes, recipe) ? recipes[recipe] : undefined;
  if (settings === undefined) {
    const names = Object.keys(recipes).join(', ');
    const known = names === '' ? `Protocol '${protocol}' has none.` : `There are: ${names}.`;
    throw new ByolError('ERR_BYOL_USAGE', `There is no recipe '${recipe}'. ${known}`);
  }
  return Object.entries(settings)
    .map(([key, value]) => [`evaluation.${protocol}.${key}=`, JSON.stringify(value)] as const)
    .filter(([start]) => !set.some((given) => given.startsWith(start)))
    .map((parts) => parts.join(''));
}

async function evaluateFolder(folder: string, protocol: ProtocolName, args: EncoderArguments, terminal: Terminal) {
  const { evaluateRun } = await import('../../run/run-evaluation.js');
  return evaluateRun({ ...(await runEncoderOptions(folder, args, terminal)), protocol });
}

async function evaluateFile(
  path: string,
  protocol: ProtocolName,
  args: EncoderArguments,
  { signal, onProgress }: Terminal,
) {
  const { evaluateEncoder } = await import('../../encoder/evaluate-encoder.js');
  const { inferData } = await import('../../data/infer.js');
  const { readData } = await import('../../data/kinds/index.js');
  const { configureData } = await import('../data-settings.js');
  const { data: ofData, settings, seed } = await fileSettings(protocol, args.set ?? []);
  if (args.data === undefined) {
    throw new ByolError('ERR_BYOL_USAGE', `${path} does not say which images to evaluate it with: give --data PATH.`);
  }
  const { config } = await inferData(args.data);
  const { train, val, test, metric } = await readData(await configureData(config, ofData));
  if (test === undefined) throw new ByolError('ERR_BYOL_DATA', `There are no test images in ${args.data}.`);
  return withEncoder(path, args, (encoder) =>
    evaluateEncoder(encoder, { protocol, train, val, test, metric, settings, seed, signal, onProgress }),
  );
}

interface FileSettings {
  /** As they were given: data.KEY=VALUE. */
  readonly data: readonly string[];
  /** Of the protocol. */
  readonly settings: object;
  readonly seed: number;
}

/** What --set says of an evaluation that is no run's: its images, its protocol and its seed. */
async function fileSettings(protocol: ProtocolName, set: readonly string[]): Promise<FileSettings> {
  const { findProtocol } = await import('../../eval/protocols/index.js');
  const { applyOverride, parseOverride } = await import('../../config/overrides.js');
  const { configError } = await import('../../config/parse.js');
  const { settingsSchema } = await import('../../config/schema.js');
  const data: string[] = [];
  const group: Record<string, unknown> = { ...findProtocol(protocol).defaults };
  const settings = { evaluation: { [protocol]: group }, seed: 0 };
  for (const argument of set) {
    const override = parseOverride(argument);
    if (typeof override === 'string') throw configError([{ path: ['--set'], message: override }]);
    const [first, second] = override.path;
    if (first === 'data') {
      data.push(argument);
      continue;
    }
    if (first !== 'seed' && (first !== 'evaluation' || second !== protocol)) {
      const message = `of a file of weights only seed, data.KEY and the settings of evaluation.${protocol} are asked for`;
      throw configError([{ path: override.path, message }], () => '--set');
    }
    const problem = applyOverride(settings, override);
    if (problem !== undefined) throw configError([problem], () => '--set');
  }
  const seed = settingsSchema().shape.seed.safeParse(settings.seed);
  if (seed.success) return { data, settings: group, seed: seed.data };
  throw configError(
    [{ path: ['seed'], message: `expected a whole number from 0, got ${settings.seed}` }],
    () => '--set',
  );
}
