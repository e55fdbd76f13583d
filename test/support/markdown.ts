import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import GithubSlugger from 'github-slugger';
import MarkdownIt from 'markdown-it';
import { root } from './paths.js';

/** What a page of Markdown has in it, by a Markdown parser, with the anchors that GitHub makes. */

export interface CodeBlock {
  readonly language: string;
  readonly code: string;
  /** Of the file, from 1: where the block begins. */
  readonly line: number;
}

export interface MarkdownPage {
  /** Relative to the root. */
  readonly file: string;
  readonly links: readonly string[];
  readonly anchors: ReadonlySet<string>;
  readonly blocks: readonly CodeBlock[];
  /** `code` within sentences. */
  readonly spans: readonly string[];
  /** '### ERR_BYOL_USAGE': the text of each heading. */
  readonly headings: readonly string[];
}

export function readMarkdown(file: string): MarkdownPage {
  const text = readFileSync(path.join(root, file), 'utf8').replace(/^---\n.*?\n---\n/s, (matter) =>
    matter.replaceAll(/[^\n]/g, ''),
  );
  const tokens = new MarkdownIt({ html: true }).parse(text, {});
  const slugger = new GithubSlugger();
  const page = { links: [] as string[], blocks: [] as CodeBlock[], spans: [] as string[], headings: [] as string[] };
  for (const [i, token] of tokens.entries()) {
    if (token.type === 'fence') {
      page.blocks.push({ language: token.info.trim(), code: token.content, line: (token.map?.[0] ?? 0) + 1 });
    }
    if (token.type === 'heading_open') {
      const parts = tokens[i + 1]?.children ?? [];
      page.headings.push(parts.map(({ content }) => content).join(''));
    }
    for (const child of token.children ?? []) {
      if (child.type === 'code_inline') page.spans.push(child.content);
      const link = child.type === 'image' ? child.attrGet('src') : child.attrGet('href');
      if (link !== null) page.links.push(link);
    }
  }
  return { file, ...page, anchors: new Set(page.headings.map((heading) => slugger.slug(heading))) };
}

/** All pages that people read: those in the root, the guide and the recipes, and the tables' reports. Relative to the root. */
export function markdownFiles(): string[] {
  const within = (folder: string): string[] =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => path.join(folder, name));
  const here = readdirSync(root).filter((name) => name.endsWith('.md'));
  return [...here, ...['docs/guide', 'docs/recipes', 'examples', 'bench/results/tables'].flatMap(within)].sort();
}
