import {
  type ArgumentDefinition,
  type CommandDefinition,
  commandDefinition,
  withInner,
} from '../../docs/generate/command-definitions.js';
import { listCommands } from '../../lib/cli/command-list.js';
import { globalOptions } from '../../lib/cli/global-options.js';
import { presetNames } from '../../lib/config/presets/index.js';
import { allPaths } from '../../lib/config/schema-tree.js';
import { protocols } from '../../lib/eval/protocols/index.js';
import { methodNames } from '../../lib/methods/index.js';
import { tables } from '../../lib/tables/published/index.js';

/** Command lines of pages against what the command line is defined by: nothing is run. */

export const definitions: readonly CommandDefinition[] = (await listCommands()).map(({ command }) =>
  commandDefinition(command),
);

/** yargs has these itself. */
const OWN: readonly ArgumentDefinition[] = [
  { name: 'help', alias: 'h', type: 'boolean' },
  { name: 'version', type: 'boolean' },
];

const settings = new Set(allPaths().map((path) => path.join('.')));

/** What the first argument of a command is one of, where it is neither a path nor in capitals. */
const named: ReadonlyMap<string, readonly string[]> = new Map([
  ['eval', protocols().map(({ name }) => name)],
  ['presets', presetNames],
  ['tables', ['all', ...tables.flatMap(({ id, aliases = [] }) => [id, ...aliases])]],
]);

/** Lines of a block of shell that run the command: continued lines as one, without comments and what surrounds them. */
export function commandLines(code: string): string[] {
  return code
    .replaceAll(/\\\n\s*/g, ' ')
    .split(/\n|&&|;|\|/)
    .map((line) => line.replace(/\s#.*$/, '').trim())
    .filter((line) => /^(?:npx )?byol(?:\s|$)/.test(line));
}

/** Words as a shell takes them apart: quotes hold them together. */
function words(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) => word.replaceAll(/['"]/g, ''));
}

/** What of a command line does not exist, a sentence each. `mentioned`: within a sentence, where values may be left out. */
export function problemsOf(line: string, { mentioned = false } = {}): string[] {
  const [, ...args] = words(line.replace(/^npx /, ''));
  // A sentence may be about the program itself.
  if (args.length === 0 || args[0] === 'completion') return [];
  const all = definitions.flatMap(withInner);
  const names = [args.slice(0, 2).join(' '), args[0] as string];
  const command = names.map((name) => all.find((known) => known.name === name)).find((known) => known !== undefined);
  if (command === undefined) {
    // COMMAND and the like stand for any; an option alone is the program's own.
    return /^[A-Z-]/.test(args[0] as string) ? [] : [`there is no command ${args[0]}`];
  }
  return argumentProblems(command, args.slice(command.name.split(' ').length), mentioned);
}

function argumentProblems(command: CommandDefinition, args: readonly string[], mentioned: boolean): string[] {
  const problems: string[] = [];
  const given = Object.entries(globalOptions).map(([name, option]) => ({ name, ...option }));
  const known: readonly ArgumentDefinition[] = [...command.options, ...given, ...OWN];
  const positional: string[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const word = args[i] as string;
    if (!word.startsWith('-')) {
      positional.push(word);
      continue;
    }
    const [flag = '', inline] = word.replace(/^--?/, '').split(/=(.*)/s, 2);
    const option = known.find(({ name, alias }) => [name, ...[alias ?? []].flat()].includes(flag));
    if (option === undefined) {
      problems.push(`byol ${command.name} has no option --${flag}`);
      continue;
    }
    // --resume may stand alone.
    const next = args[i + 1];
    const takesNext = option.type !== 'boolean' && inline === undefined && next !== undefined && !next.startsWith('-');
    const value = inline ?? (takesNext ? next : undefined);
    if (takesNext) i += 1;
    if (value === undefined && option.requiresArg === true && !mentioned) problems.push(`--${flag} needs a value`);
    if (value !== undefined) problems.push(...valueProblems(option, value));
  }
  const most = command.positionals.some(({ array }) => array === true)
    ? Number.POSITIVE_INFINITY
    : command.positionals.length;
  if (positional.length > most) problems.push(`byol ${command.name} does not take ${positional.slice(most).join(' ')}`);
  const first = positional[0];
  const isOwn = first === undefined || /^[A-Z]|[./]/.test(first);
  const choices = named.get(command.name);
  if (!isOwn && choices?.includes(first) === false) problems.push(`byol ${command.name} knows no ${first}`);
  return problems;
}

function valueProblems({ name, choices }: ArgumentDefinition, value: string): string[] {
  if (/^[A-Z]+$/.test(value)) return [];
  if (choices !== undefined && !choices.includes(value))
    return [`--${name} is none of ${choices.join(', ')}: ${value}`];
  if (name === 'preset' && !presetNames.some((known) => known === value)) return [`there is no preset ${value}`];
  if (name === 'method' && !methodNames.some((known) => known === value)) return [`there is no method ${value}`];
  if (name === 'set') {
    const path = value.slice(0, value.indexOf('='));
    // What a list holds has no path of its own in the schema.
    if (!settings.has(path.replace(/\.\d+.*$/, '')) && path !== 'key.path') return [`there is no setting ${path}`];
  }
  return [];
}
