/** Markdown of generated pages. */

/** A page in the site. */
export interface Page {
  /** Relative to docs/reference. */
  readonly file: string;
  readonly title: string;
  /** Markdown without the title. */
  readonly text: string;
  /** Pages under this one, in their order: files relative to this one, by their titles. */
  readonly children?: Readonly<Record<string, string>>;
}

/** With the front matter by which TypeDoc knows title and children. */
export function renderPage({ title, text, children = {} }: Page): string {
  const entries = Object.entries(children).map(([name, file]) => `  ${JSON.stringify(name)}: ${JSON.stringify(file)}`);
  const below = entries.length === 0 ? '' : `children:\n${entries.join('\n')}\n`;
  return `---\ntitle: ${JSON.stringify(title)}\n${below}---\n\n# ${title}\n\n${text.trim()}\n`;
}

export function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** Of a doc comment or a description: what Markdown or TypeDoc would take for their own signs is text. */
export function prose(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, i) => (i % 2 === 1 ? part : part.replaceAll(/[<>*_|{}@#[\]\\]/g, '\\$&')))
    .join('');
}

/** Rows of cells, each Markdown. */
export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

/** 'a', 'b' and 'c', as code. */
export function codes(names: readonly string[]): string {
  const all = names.map(code);
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}
