import { createHash } from 'node:crypto';
import { escapeText, PAGE_PICTURES } from './svg.js';
import { themeScript } from './theme-script.js';

/** Pages in the reports' style: one file each, without any external resource. */

export interface PageExtras {
  /** CSS besides that of all pages. */
  readonly style?: string;
  /** Run in this order at the end of the page. */
  readonly scripts?: readonly string[];
  /** Scripts may ask the server that the page is from. */
  readonly asksServer?: boolean;
}

/** A whole page. `body` is HTML. Nothing but what is written here is run, and nothing is loaded: its own policy forbids it. */
export function renderPage(
  title: string,
  body: string,
  { style = '', scripts = [], asksServer }: PageExtras = {},
): string {
  const all = [themeScript, ...scripts];
  const policy = [
    "default-src 'none'",
    'img-src data:',
    "style-src 'unsafe-inline'",
    `script-src ${all.map(hashOf).join(' ')}`,
    ...(asksServer === true ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const [theme, ...others] = all.map((script) => `<script>${script}</script>`);
  return `${PAGE_START}
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${STYLE}${PAGE_PICTURES}${style}</style>
${theme}
</head>
<body>
<h1>${escapeText(title)}</h1>
${body}
${others.join('\n')}
</body>
</html>
`;
}

/** How every page of ours begins. */
export const PAGE_START = `<!doctype html>
<html lang="en">
<head>
<meta name="generator" content="byol-torch">`;

/** By which a policy knows a script. */
function hashOf(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}

/** Plain data for a script of the page, which finds it by `id`. Inside a script element nothing may end it, or begin a comment. */
export function renderData(id: string, value: object): string {
  const json = JSON.stringify(value).replace(
    /[<\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `<script type="application/json" id="${id}">${json}</script>`;
}

const STYLE = `
:root { color-scheme: light dark; --text: light-dark(#222, #e6e6e6); --faint: light-dark(#5c6166, #a8adb3); --page: light-dark(#fff, #15181c); --raised: light-dark(#f6f7f8, #1e2227); --rule: light-dark(#ddd, #3a3f45); --focus: light-dark(#0072b2, #6cb6f5); --good: light-dark(#eef8f4, #14291f); --fair: light-dark(#fdf6e7, #2e2612); --bad: light-dark(#fcefe6, #331e12); }
:root[data-theme=light] { color-scheme: light; }
:root[data-theme=dark] { color-scheme: dark; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 1240px; margin: 1.5em auto 3em; padding: 0 1em; }
h1, h2, h3, p, li { overflow-wrap: anywhere; }
h1 { margin-right: 3em; }
p { max-width: 60em; }
small { color: var(--faint); font-weight: 400; }
summary { font-size: 1.3em; font-weight: 600; margin: .5em 0; cursor: pointer; }
.verdict { padding: .6em 1em; border-left: 5px solid; }
.good { border-color: #009e73; background: var(--good); }
.fair { border-color: #e69f00; background: var(--fair); }
.bad { border-color: #d55e00; background: var(--bad); }
.scroll { overflow-x: auto; margin: 1em 0; max-width: 100%; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .2em 1.2em .2em 0; vertical-align: top; }
.ruled { font-size: 13px; line-height: 1.35; }
.ruled.wide { min-width: min(56em, 240vw); }
.ruled td, .ruled tbody th { border-top: 1px solid var(--rule); min-width: 3em; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
.tree td:last-child { overflow-wrap: anywhere; min-width: 10em; }
.charts { display: flex; flex-wrap: wrap; gap: 8px; }
svg, img { max-width: 100%; height: auto; }
.scroll > svg { display: block; width: 100%; max-width: none; min-width: min(640px, 200vw); height: auto; }
code { font-size: 13px; }
a { color: light-dark(#005a9c, #6cb6f5); }
a:focus-visible, button:focus-visible, input:focus-visible, select:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
.theme { position: absolute; top: 1.2em; right: max(1em, calc(50% - 620px)); font: inherit; font-size: 13px; color: inherit; background: none; border: 1px solid var(--rule); border-radius: 14px; padding: 2px 12px; cursor: pointer; }
@media print {
  :root, :root[data-theme] { color-scheme: light; }
  body { margin: 0; max-width: none; font-size: 11pt; }
  .theme { display: none; }
  .scroll, .scroll > svg, .ruled.wide { overflow: visible; min-width: 0; }
  tr, figure, .verdict { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
`;

/** Plain data as a table of paths and values, which is opened where it is wanted. */
export function renderDetails(title: string, value: object): string {
  return `<details><summary>${escapeText(title)}</summary>${renderTree(value)}</details>`;
}

function renderTree(value: object): string {
  const rows = leaves(value, '').map(
    ([path, leaf]) => `<tr><td><code>${escapeText(path)}</code></td><td><code>${escapeText(leaf)}</code></td></tr>`,
  );
  return `<div class="scroll"><table class="tree">\n${rows.join('\n')}\n</table></div>`;
}

/** Every plain value, by its path. Lists of plain values are one. */
export function leaves(value: unknown, path = ''): Array<[string, string]> {
  const nested =
    value !== null && typeof value === 'object' && Object.values(value).some((item) => typeof item === 'object');
  if (value === null || typeof value !== 'object' || (Array.isArray(value) && !nested)) {
    return [[path, typeof value === 'string' ? value : JSON.stringify(value)]];
  }
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .flatMap(([key, item]) => leaves(item, path === '' ? key : `${path}.${key}`));
}
