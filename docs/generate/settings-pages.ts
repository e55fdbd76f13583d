import { findPreset, type PresetName, presetNames } from '../../lib/config/presets/index.js';
import { valueAt } from '../../lib/config/schema-tree.js';
import { roleOf } from '../../lib/config/setting-roles.js';
import { nameOf } from '../../lib/data/data-kind.js';
import { dataKinds } from '../../lib/data/kinds/index.js';
import { protocols } from '../../lib/eval/protocols/index.js';
import { code, codes, type Page, prose } from './markdown.js';
import type { Kinds, Setting, SettingsTree } from './settings.js';

/** Settings, a page for each group of them. */

/** Values longer than this are told by the presets' own pages. */
const LONGEST_VALUE = 60;

export function settingsPages({ settings, kinds }: SettingsTree): Page[] {
  const groups = new Map<string, Setting[]>();
  for (const setting of settings) {
    const [first = ''] = setting.path.split('.');
    const isGroup = settings.some(({ path }) => path.startsWith(`${first}.`));
    const name = isGroup ? first : 'run';
    groups.set(name, [...(groups.get(name) ?? []), setting]);
  }
  const pages = [...groups].map(([name, members]) => groupPage(name, members, kinds));
  return [indexPage(pages, groups), ...pages];
}

function indexPage(pages: readonly Page[], groups: ReadonlyMap<string, readonly Setting[]>): Page {
  const lines = [...groups].map(([name, members]) => {
    const names = members
      .filter(({ path }) => name === 'run' || path.split('.').length === 2)
      .map(({ path }) => path.split('.').at(-1) as string);
    return `- [${groupTitle(name)}](${name}.md): ${[...new Set(names)].map(code).join(', ')}`;
  });
  return {
    file: 'settings/README.md',
    title: 'Settings',
    children: Object.fromEntries(pages.map(({ title, file }) => [title, file.replace('settings/', '')])),
    text: `A setting is named by the same path everywhere: \`--set key.path=value\` on the command line, nested keys in a file
for \`--config\` and in a script. \`npx byol presets NAME\` prints all settings of a preset. An unknown setting is refused with the
nearest known one, a value of the wrong type with what was expected.

Of layers, the later one counts: the preset, the method's recipe, the file, options such as \`--epochs\`, and \`--set\`.

${lines.join('\n')}`,
  };
}

function groupTitle(name: string): string {
  return name === 'run' ? 'The run as a whole' : name;
}

function groupPage(name: string, members: readonly Setting[], kinds: readonly Kinds[]): Page {
  const paths = members.map(({ path }) => path);
  const isOnly = (path: string): boolean => paths.indexOf(path) === paths.lastIndexOf(path);
  const sections = members
    .filter(({ path }) => path !== name)
    .map((setting) => sectionOf(setting, isOnly(setting.path), kinds));
  const whole = members.find(({ path }) => path === name);
  return {
    file: `settings/${name}.md`,
    title: groupTitle(name),
    text: [
      whole === undefined ? '' : prose(whole.text),
      // With a kind of its own, the group is told as a setting is.
      kindsText(name, kinds),
      ...sections,
    ].join('\n\n'),
  };
}

/** `isOnly`: no other kind of the group has another setting of this name. */
function sectionOf(setting: Setting, isOnly: boolean, kinds: readonly Kinds[]): string {
  const { path, takes, text } = setting;
  const own = setting.kinds.length === 0 ? '' : ` Of kind ${codes(setting.kinds)}.`;
  return [
    `## ${path}${isOnly ? '' : ` (${setting.kinds.join(', ')})`}`,
    prose(text),
    `Takes ${prose(takes)}.${own}${setting.optional ? ' May be left out.' : ''}`,
    defaultText(setting),
    mayChange(path),
    kindsText(path, kinds),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function kindsText(path: string, kinds: readonly Kinds[]): string {
  return kinds
    .filter((group) => group.path === path)
    .map(
      ({ kinds: members }) =>
        `Kinds:\n\n${members.map(({ name, text }) => `- ${code(name)}: ${prose(text)}`).join('\n')}`,
    )
    .join('\n\n');
}

/** What a resumed run and an evaluation may have otherwise. */
function mayChange(path: string): string {
  const role = roleOf(path);
  if (role === undefined || (!role.resumable && !role.evaluable)) return 'A resumed run has to keep it.';
  if (!role.resumable) return 'A resumed run has to keep it; an evaluation of a run may have another.';
  return role.evaluable ? 'A resumed run and an evaluation may have another.' : 'A resumed run may have another.';
}

function defaultText({ path, kinds }: Setting): string {
  if (path.split('.').includes('N')) return '';
  const byValue = new Map<string, PresetName[]>();
  for (const name of presetNames) {
    const value = presetValue(name, path, kinds);
    if (value !== undefined) byValue.set(value, [...(byValue.get(value) ?? []), name]);
  }
  const values = [...byValue];
  const parts = values.map(([value, names]) =>
    names.length === presetNames.length ? `${value} in every preset` : `${value} in ${codes(names)}`,
  );
  const chosen = chosenDefault(path, kinds);
  if (chosen !== '') parts.push(chosen);
  return parts.length === 0 ? '' : `Default: ${parts.join('; ')}.`;
}

function presetValue(name: PresetName, path: string, kinds: readonly string[]): string | undefined {
  const keys = path.split('.');
  const preset = findPreset(name);
  const kind = valueAt(preset, [...keys.slice(0, -1), 'kind']);
  if (kinds.length > 0 && !(typeof kind === 'string' && kinds.includes(kind))) return undefined;
  const value = valueAt(preset, keys);
  return value === undefined || isGroup(value) ? undefined : valueText(value);
}

function isGroup(value: unknown): boolean {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Where a kind of data is chosen in place of the preset's, or a protocol is asked whose settings a preset lacks. */
function chosenDefault(path: string, kinds: readonly string[]): string {
  const [group, ...rest] = path.split('.');
  if (group === 'data') {
    const byValue = new Map<string, string[]>();
    for (const kind of dataKinds().filter((known) => kinds.includes(nameOf(known)))) {
      const value = valueAt(kind.defaults, rest);
      if (value === undefined) continue;
      const text = valueText(value);
      byValue.set(text, [...(byValue.get(text) ?? []), nameOf(kind)]);
    }
    return [...byValue].map(([value, names]) => `${value} where kind ${codes(names)} is chosen`).join('; ');
  }
  return '';
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value, shortNumber).replaceAll(',', ', ');
  if (text.length <= LONGEST_VALUE) return code(text);
  return Array.isArray(value) ? `a list of ${value.length}` : 'as the preset prints it';
}

function shortNumber(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value;
}

/** Protocols with the names by which they are asked. */
export function protocolsPage(): Page {
  const sections = protocols().map(({ name, title, recipes: named = {} }) => {
    const recipes = Object.keys(named);
    const known = recipes.length === 0 ? '' : ` Recipes for \`--recipe\`: ${codes(recipes)}.`;
    return `## ${name}\n\n${prose(title)}. Its settings: [evaluation](settings/evaluation.md).${known}`;
  });
  return { file: 'protocols.md', title: 'Evaluation protocols', text: sections.join('\n\n') };
}
