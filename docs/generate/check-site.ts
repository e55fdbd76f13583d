import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../lib/binding/package-root.js';

/**
 * Every link within the site leads to a file and, where it says so, to an anchor in it; and none would leave the folder that the
 * site is served from. Addresses elsewhere are only counted: they are not asked for.
 */

const site = path.join(packageRoot(), 'docs/site');

interface SitePage {
  readonly links: readonly string[];
  readonly anchors: ReadonlySet<string>;
}

const pages = new Map<string, SitePage>();

function readPage(file: string): SitePage {
  const known = pages.get(file);
  if (known !== undefined) return known;
  const html = readFileSync(file, 'utf8');
  const values = (name: string): string[] =>
    [...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, 'g'))].map(([, value]) => withoutEntities(value as string));
  const page = { links: [...values('href'), ...values('src')], anchors: new Set(values('id')) };
  pages.set(file, page);
  return page;
}

function withoutEntities(text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** What is wrong with a link on a page, or undefined. */
function problemOf(link: string, file: string): string | undefined {
  const [address = '', anchor = ''] = link.split('#', 2);
  if (address.startsWith('/')) return 'is not relative';
  const target = address === '' ? file : path.resolve(path.dirname(file), decodeURIComponent(address));
  if (!target.startsWith(site + path.sep)) return 'leaves the site';
  if (!existsSync(target) || !statSync(target).isFile()) return 'leads nowhere';
  if (target.endsWith('.md')) return 'leads to Markdown instead of a page';
  if (anchor === '' || !target.endsWith('.html')) return undefined;
  return readPage(target).anchors.has(decodeURIComponent(anchor)) ? undefined : 'has no such anchor';
}

const files = readdirSync(site, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.html'))
  .map((name) => path.join(site, name));
const problems = new Set<string>();
const elsewhere = new Set<string>();
let checked = 0;
for (const file of files) {
  for (const link of readPage(file).links) {
    if (/^[a-z]+:/.test(link)) {
      elsewhere.add(link);
      continue;
    }
    checked += 1;
    const problem = problemOf(link, file);
    if (problem !== undefined) problems.add(`${path.relative(site, file)}: ${link} ${problem}`);
  }
}
for (const problem of problems) console.error(problem);
console.log(
  `docs/site: ${files.length} pages, ${checked} links within the site, ${elsewhere.size} addresses elsewhere (not asked for).`,
);
if (process.argv.includes('--list')) console.log([...elsewhere].sort().join('\n'));
process.exitCode = problems.size === 0 ? 0 : 1;
