import {
  Document,
  type ErrorCode,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { Config } from './schema.js';

/** YAML 1.2 as settings are written in it: what it means, or in plain words what is wrong and where. */

export interface YamlProblem {
  readonly message: string;
  /** Line and column, from 1. */
  readonly line: number;
  readonly column: number;
}

export type YamlResult = { readonly value: unknown } | { readonly problem: YamlProblem };

/** Aliases may stand for so many values in all; more are a trap, not settings. */
const MOST_ALIASES = 100;

const words: Partial<Record<ErrorCode, string>> = {
  MULTIPLE_DOCS: 'there is a second document (after ---); settings are one document',
  DUPLICATE_KEY: 'this key is there twice',
  TAB_AS_INDENT: 'a tab at the start of a line; YAML takes spaces only',
};

/** Merge keys (`<<: *anchor`) are taken, as most tools do; words and tags are those of YAML 1.2, whatever a file claims. */
export function parseYaml(text: string): YamlResult {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    schema: 'core',
    resolveKnownTags: false,
  });
  const at = (position: number, message: string): YamlResult => {
    const { line, col } = lines.linePos(position);
    return { problem: { message, line: Math.max(1, line), column: Math.max(1, col) } };
  };
  // A tag that means nothing here is no remark: the value would be another one than was meant.
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) return at(error.pos[0], words[error.code] ?? error.message);
  let odd: Node | undefined;
  visit(document, {
    Pair(_, { key }) {
      if (isNode(key) && !(isScalar(key) && (typeof key.value === 'string' || key.source === '<<'))) odd ??= key;
    },
  });
  if (odd !== undefined) return at(odd.range?.[0] ?? 0, 'a key that is not a word');
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    if (!isCyclic(value)) return { value };
  } catch (failure) {
    if (/merge/i.test((failure as Error).message)) {
      return at(Math.max(0, text.indexOf('<<')), '<<: takes a group of settings, or a list of such groups');
    }
    // Aliases that are not defined yet, or too many; told below.
  }
  const first = Math.max(0, text.search(/(?<=^|[\s,[{])\*[^\s,[\]{}]/m));
  return at(first, 'an alias (*name) stands for itself, for something that is not there, or for far too much');
}

/** Whether a value is a part of itself. */
function isCyclic(value: unknown, above: readonly unknown[] = []): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (above.includes(value)) return true;
  return Object.values(value).some((item) => isCyclic(item, [...above, value]));
}

/** A configuration as YAML that --config takes: one line per group, one per operation of a view. */
export function configToYaml(config: Config): string {
  const document = new Document(config, { aliasDuplicateObjects: false });
  visit(document, {
    Collection(_, node) {
      const parts = node.items.map((item) => (isMap(node) ? (item as { value: unknown }).value : item));
      // Groups of groups and lists of groups are blocks; whatever holds only plain values fits on a line.
      const deep = parts.some((part) => isMap(part) || (isSeq(part) && part.items.some(isCollection)));
      node.flow = !deep;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
