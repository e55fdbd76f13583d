import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../lib/binding/package-root.js';
import { listCommands } from '../../lib/cli/command-list.js';
import { commandDefinition } from './command-definitions.js';
import { commandPages } from './command-pages.js';
import { DocComments } from './doc-comments.js';
import { errorsPage, methodsPage, metricsPage, presetsPage } from './list-pages.js';
import { type Page, renderPage } from './markdown.js';
import { readSettings } from './settings.js';
import { protocolsPage, settingsPages } from './settings-pages.js';
import { tablesPage } from './table-pages.js';

/** Writes docs/reference, the Markdown pages that are made from the sources; TypeDoc makes the site of them (npm run docs). */

const root = packageRoot();
const out = path.join(root, 'docs/reference');
const comments = new DocComments(root, ['lib/config/schema.ts', 'lib/errors.ts', 'lib/metrics/definitions.ts']);
const commands = (await listCommands()).map(({ command }) => commandDefinition(command));

const pages: Page[] = [
  ...settingsPages(readSettings(comments)),
  ...commandPages(commands),
  presetsPage(),
  methodsPage(),
  protocolsPage(),
  metricsPage(comments),
  errorsPage(comments),
];
const inSettings = /^(settings|commands)\/(?!README)/;
const index: Page = {
  file: 'README.md',
  title: 'Reference',
  children: Object.fromEntries(
    pages.filter(({ file }) => !inSettings.test(file)).map(({ title, file }) => [title, file]),
  ),
  text: `Made from the sources: nothing on these pages is written by hand.

${pages
  .filter(({ file }) => !inSettings.test(file))
  .map(({ title, file }) => `- [${title}](${file})`)
  .join('\n')}`,
};
const project: Page = {
  file: 'project.md',
  title: 'The project',
  children: {
    Architecture: '../../ARCHITECTURE.md',
    Contributing: '../../CONTRIBUTING.md',
    Changelog: '../../CHANGELOG.md',
  },
  text: `- [Architecture](../../ARCHITECTURE.md): how it is built, and why so
- [Contributing](../../CONTRIBUTING.md): how to add a kind of data, a protocol, a method, a table, a command, a metric
- [Changelog](../../CHANGELOG.md): what is new`,
};

rmSync(out, { recursive: true, force: true });
for (const page of [index, ...pages, await tablesPage(root), project]) {
  const file = path.join(out, page.file);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, renderPage(page));
}
