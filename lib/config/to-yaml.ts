import { Document, isCollection, isMap, isSeq, visit } from 'yaml';
import type { Config } from './schema.js';

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
