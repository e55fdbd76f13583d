import ts from 'typescript';
import { alternatives, describe, type SchemaNode, schemaRoot, tagOf } from '../../lib/config/schema-tree.js';
import type { DocComments } from './doc-comments.js';

/** Every setting of every kind: what it takes, by the schema, and what it is, by the doc comment in the schema's source. */

export interface Setting {
  /** 'optimizer.momentum'; entries of lists are N: 'views.pipelines.N.N.p'. */
  readonly path: string;
  /** The kinds of its group that have it, 'lars', 'sgd'; none where the group has no kinds. */
  readonly kinds: readonly string[];
  /** In words: 'a number above 0'. */
  readonly takes: string;
  readonly text: string;
  /** It may be left out for good, and then means something of its own. */
  readonly optional: boolean;
  /** It has settings of its own. */
  readonly isGroup: boolean;
}

/** A group's tag and what each kind of the group is. */
export interface Kinds {
  /** 'data' */
  readonly path: string;
  readonly kinds: ReadonlyArray<{ readonly name: string; readonly text: string }>;
}

export interface SettingsTree {
  readonly settings: readonly Setting[];
  readonly kinds: readonly Kinds[];
}

/** Throws, with their names, if settings have no doc comment. Groups of settings may do without. */
export function readSettings(comments: DocComments): SettingsTree {
  const found = new Map<string, Setting>();
  const kinds: Kinds[] = [];
  const groups = comments.aliasesOf('lib/config/schema.ts', 'Config');

  const walk = (node: SchemaNode, type: ts.Type, path: readonly string[]): void => {
    const tag = tagOf(node);
    const options = alternatives(node);
    if (tag !== undefined) {
      kinds.push({
        path: path.join('.'),
        kinds: options.flatMap((option) => {
          const name = option.properties?.[tag]?.const;
          if (typeof name !== 'string') return [];
          const own = comments.objects(type).find((member) => comments.isLiteral(member, tag, name));
          return { name, text: own === undefined ? '' : comments.ofProperty(own, tag) };
        }),
      });
    }
    for (const option of options) {
      const entry = option.prefixItems?.[0] ?? option.items;
      const entryType = entry && comments.entryType(type);
      if (entry !== undefined && entryType !== undefined) walk(entry, entryType, [...path, 'N']);
      const kind = tag === undefined ? undefined : option.properties?.[tag]?.const;
      const objects = comments.objects(type);
      const own = tag === undefined ? objects[0] : objects.find((member) => comments.isLiteral(member, tag, kind));
      for (const [key, next] of Object.entries(option.properties ?? {})) {
        const property = own?.getProperty(key);
        if (key === tag || own === undefined || property === undefined) continue;
        const here = [...path, key].join('.');
        const text = comments.of(property) || (groups.get(here) ?? '');
        add(here, kind, next, text, (property.flags & ts.SymbolFlags.Optional) !== 0);
        walk(next, comments.propertyType(property), [...path, key]);
      }
    }
  };

  const add = (path: string, kind: unknown, node: SchemaNode, text: string, optional: boolean): void => {
    const takes = describe(node);
    const key = [path, takes, text].join('\n');
    const known = found.get(key);
    const kinds = [...(known?.kinds ?? []), ...(typeof kind === 'string' ? [kind] : [])];
    const isGroup = alternatives(node).some(({ properties }) => properties !== undefined);
    found.set(key, { path, kinds: [...new Set(kinds)], takes, text, optional, isGroup });
  };

  walk(schemaRoot(), comments.typeOf('lib/config/schema.ts', 'Config'), []);
  const settings = [...found.values()];
  const silent = [
    ...settings
      .filter(({ text, isGroup }) => text === '' && !isGroup)
      .map(({ path, kinds }) => [path, ...kinds].join(' ')),
    ...kinds.flatMap(({ path, kinds }) => kinds.filter(({ text }) => text === '').map(({ name }) => `${path} ${name}`)),
  ];
  if (silent.length > 0) throw new Error(`Settings without a doc comment in their schema:\n${silent.join('\n')}`);
  return { settings, kinds };
}
