import type { Options } from 'yargs';
import { globalOptions } from '../../lib/cli/global-options.js';
import { type ArgumentDefinition, type CommandDefinition, withInner } from './command-definitions.js';
import { code, fenced, type Page, prose, table } from './markdown.js';

/** A page for each command, from what the command line itself runs by. */
export function commandPages(commands: readonly CommandDefinition[]): Page[] {
  const children = Object.fromEntries(commands.map(({ name }) => [`byol ${name}`, `${name}.md`]));
  const rows = commands.map(({ name, usage, describe }) => [`[${code(`byol ${usage}`)}](${name}.md)`, prose(describe)]);
  const index: Page = {
    file: 'commands/README.md',
    title: 'Commands',
    children,
    text: `${table(['command', 'what it does'], rows)}

Every command takes \`--help\`, \`--version\` and these options:

${argumentsTable(
  Object.entries(globalOptions).map(([name, options]) => ({ name, ...options })),
  '--',
)}

Exit codes: 0 done, 1 failure, 2 usage, 130 interrupted (129 by SIGHUP, 143 by SIGTERM). What failed has a [code](../errors.md).
Progress goes to stderr, the result to stdout. \`npx byol completion\` prints a script that completes commands and options in your shell.`,
  };
  return [index, ...commands.map(commandPage)];
}

function commandPage(command: CommandDefinition): Page {
  const [self, ...inner] = withInner(command).map(body);
  const sections = command.commands.map(({ name }, i) => `## byol ${name}\n\n${inner[i]}`);
  return { file: `commands/${command.name}.md`, title: `byol ${command.name}`, text: [self, ...sections].join('\n\n') };
}

function body({ usage, describe, positionals, options, examples, epilogue, commands }: CommandDefinition): string {
  const lines = examples.map(([line, text]) => `${line.replace('$0', 'npx byol')}${text === '' ? '' : `  # ${text}`}`);
  return [
    `${prose(describe)}.`,
    commands.length === 0 ? fenced('text', `byol ${usage}${options.length === 0 ? '' : ' [options]'}`) : '',
    positionals.length === 0 ? '' : argumentsTable(positionals, ''),
    options.length === 0 ? '' : argumentsTable(options, '--'),
    lines.length === 0 ? '' : fenced('sh', lines.join('\n')),
    epilogue === '' ? '' : fenced('text', epilogue),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function argumentsTable(definitions: readonly ArgumentDefinition[], dashes: string): string {
  const rows = definitions.map(({ name, ...options }) => [
    [name, ...[options.alias ?? []].flat()].map((word) => code(`${dashes}${word}`)).join(', '),
    takes(options),
    options.default === undefined || options.default === false ? '' : code(String(options.default)),
    `${prose(options.describe ?? options.description ?? options.desc ?? '')}${options.demandOption === true ? ' (required)' : ''}`,
  ]);
  return table([dashes === '' ? 'argument' : 'option', 'takes', 'default', 'what'], rows);
}

function takes({ type, choices, array }: Options): string {
  if (choices !== undefined) return choices.map((choice) => code(String(choice))).join(', ');
  if (type === 'boolean') return '';
  const one = type === 'number' ? 'a number' : 'text';
  return array === true || type === 'array' ? `${one}, also several times` : one;
}
