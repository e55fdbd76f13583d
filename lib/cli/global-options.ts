/** Options of every command. */
export const globalOptions = {
  verbose: { type: 'boolean', default: false, global: true, describe: 'Show where errors come from' },
} as const;
