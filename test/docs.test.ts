import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { errorCodes } from '../lib/errors.js';
import { commandLines, definitions, problemsOf } from './support/command-lines.js';
import { type MarkdownPage, markdownFiles, readMarkdown } from './support/markdown.js';
import { root } from './support/paths.js';

// What the pages say exists. That the programs in them compile, readme.test.ts looks at; the links of the site, `npm run docs`.

const pages = new Map<string, MarkdownPage>(markdownFiles().map((file) => [file, readMarkdown(file)]));

/** The changelog also names what was there once. */
const present = [...pages.values()].filter(({ file }) => file !== 'CHANGELOG.md');

/** `npm run docs` makes these from the sources, and says which links to them lead nowhere. */
const GENERATED = 'docs/reference/';

function linkProblem(page: MarkdownPage, link: string): string | undefined {
  if (/^(?:https?|mailto):/.test(link)) return undefined;
  const [address = '', anchor = ''] = link.split('#', 2);
  const target = address === '' ? page.file : path.join(path.dirname(page.file), decodeURIComponent(address));
  if (target.startsWith(GENERATED)) return undefined;
  if (!existsSync(path.join(root, target))) return 'leads nowhere';
  if (anchor === '') return undefined;
  if (!target.endsWith('.md') || statSync(path.join(root, target)).isDirectory())
    return 'has an anchor in what is no page';
  const anchors = pages.get(target)?.anchors ?? readMarkdown(target).anchors;
  return anchors.has(anchor) ? undefined : 'has no such anchor';
}

describe('pages', () => {
  test('links lead to files, and anchors to headings', () => {
    let checked = 0;
    for (const page of pages.values()) {
      for (const link of page.links) {
        checked += 1;
        assert.equal(linkProblem(page, link), undefined, `${page.file}: ${link}`);
      }
    }
    assert.ok(checked > 80, `${checked} links were found`);
  });

  test('commands, options, presets, methods, protocols, tables and settings exist', () => {
    let checked = 0;
    for (const { file, blocks, spans } of present) {
      const shell = blocks.filter(({ language }) => language === 'sh').map(({ code }) => code);
      for (const line of shell.flatMap(commandLines)) {
        checked += 1;
        assert.deepEqual(problemsOf(line), [], `${file}: ${line}`);
      }
      for (const line of spans.flatMap(commandLines)) {
        checked += 1;
        assert.deepEqual(problemsOf(line, { mentioned: true }), [], `${file}: ${line}`);
      }
    }
    assert.ok(checked > 100, `${checked} command lines were found`);
  });

  test('a command line that does not exist is found out', () => {
    for (const line of [
      'npx byol trian',
      'npx byol train --prest shapes',
      'npx byol train --preset shape',
      'npx byol train --preset shapes --set optimizer.momentun=0.9',
      'npx byol train A B',
      'npx byol data pact PHOTOS',
      'npx byol data pack PHOTOS --out',
      'npx byol export RUN --out a.onnx --format onyx',
      'npx byol eval kn RUN',
      'npx byol tables 5c',
    ]) {
      assert.notDeepEqual(problemsOf(line), [], line);
    }
  });

  test('scripts of npm that pages name are there', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const { file, blocks, spans } of present) {
      const code = [...blocks.filter(({ language }) => language === 'sh').map((block) => block.code), ...spans];
      for (const [line, run, name = run] of code.join('\n').matchAll(/\bnpm (?:(start|test)\b|run ([\w:]+))/g)) {
        if (name !== undefined && name !== 'NAME') assert.ok(name in scripts, `${file}: ${line}`);
      }
    }
  });

  test('every error code has its paragraph in the troubleshooting page', () => {
    const { headings } = readMarkdown('docs/guide/troubleshooting.md');
    const found = headings.filter((heading) => heading.startsWith('ERR_'));
    assert.deepEqual([...found].sort(), [...errorCodes].sort());
  });

  test('guide and recipes list all of their pages, in the site and in the text', () => {
    for (const folder of ['docs/guide', 'docs/recipes']) {
      const names = readdirSync(path.join(root, folder)).filter((name) => name !== 'README.md');
      const text = readFileSync(path.join(root, folder, 'README.md'), 'utf8');
      const [, matter = '', body = ''] = text.split('---\n');
      for (const name of names) {
        assert.ok(matter.includes(`: ${name}\n`), `${folder}/README.md lists ${name} in its front matter`);
        assert.ok(body.includes(`](${name})`), `${folder}/README.md links ${name}`);
      }
    }
  });

  test('definitions of commands are read whole', () => {
    const train = definitions.find(({ name }) => name === 'train');
    assert.deepEqual(
      train?.positionals.map(({ name }) => name),
      ['images'],
    );
    const data = definitions.find(({ name }) => name === 'data');
    assert.deepEqual(
      data?.commands.map(({ name }) => name),
      ['data check', 'data pack', 'data verify', 'data fetch'],
    );
  });
});
