import { table } from '../../text/format.js';
import type { Command } from '../command.js';

export const command: Command<{ json: boolean }> = {
  command: 'methods',
  describe: 'List the methods',
  builder: (yargs) => yargs.option('json', { type: 'boolean', default: false, describe: 'As JSON' }),
  handler: async ({ json }) => {
    const { methodDefinitions } = await import('../../methods/index.js');
    const listed = methodDefinitions().map(({ name, title, summary }) => ({ name, title, summary }));
    const text = table(listed.map(({ name, title, summary }) => [name, title, summary]));
    process.stdout.write(`${json ? JSON.stringify(listed, null, 2) : text}\n`);
  },
};
