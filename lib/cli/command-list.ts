import { readdirSync } from 'node:fs';
import type { CommandModule } from 'yargs';

const FOLDER = new URL('./commands/', import.meta.url);

/** Those that most people look for come first in help; the others follow by name. */
const FIRST = [
  'train',
  'plan',
  'resume',
  'report',
  'eval',
  'embed',
  'neighbours',
  'tables',
  'views',
  'data',
  'metrics',
  'bench',
  'presets',
  'methods',
];

/** What a file in commands/ exports: the name of its command is the file's. */
interface CommandFile {
  readonly command: CommandModule;
}

export interface ListedCommand extends CommandFile {
  readonly name: string;
}

/** Every file in commands/. Commands load what they need when they run: help comes at once and without the native part. */
export async function listCommands(): Promise<ListedCommand[]> {
  const names = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.js'))
    .map((name) => name.slice(0, -'.js'.length));
  const place = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  names.sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  return Promise.all(
    names.map(async (name) => {
      const { command } = (await import(new URL(`${name}.js`, FOLDER).href)) as CommandFile;
      return { name, command };
    }),
  );
}
