import { table } from '../../text/format.js';
import type { Command } from '../command.js';
import { encoderText } from '../start-text.js';

interface PresetsArguments {
  name: string | undefined;
}

export const command: Command<PresetsArguments> = {
  command: 'presets [name]',
  describe: 'List the presets, or print one as YAML that --config takes',
  builder: (yargs) => yargs.positional('name', { type: 'string', describe: 'Name of a preset' }),
  handler: async ({ name }) => {
    process.stdout.write(name === undefined ? await listPresets() : await presetYaml(name));
  },
};

async function listPresets(): Promise<string> {
  const { presetNames, presets, presetSummaries } = await import('../../config/presets/index.js');
  return `${table(presetNames.map((name) => [name, encoderText(presets[name]), presetSummaries[name]]))}\n`;
}

async function presetYaml(name: string): Promise<string> {
  const { findPreset } = await import('../../config/presets/index.js');
  const { configToYaml } = await import('../../config/yaml.js');
  return configToYaml(findPreset(name));
}
