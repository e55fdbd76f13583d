import { type FileMetaData, parquetSchema, type SchemaTree } from 'hyparquet';
import { z } from 'zod';
import { usualNames } from '../photos/list-file.js';

/** Which columns are asked for; null: told by what the file says, or by their usual names. */
export interface AskedColumns {
  readonly image: string | null;
  readonly label: string | null;
}

/** Columns of images, each by its elements from the root of the schema on. */
export interface ImageColumns {
  /** Of the files' bytes. */
  readonly bytes: readonly SchemaTree[];
  /** Of names; null: there is none. */
  readonly path: readonly SchemaTree[] | null;
  /** null: there is none. */
  readonly label: readonly SchemaTree[] | null;
  /** Of labels that are numbers; null: the file does not say. */
  readonly classNames: readonly string[] | null;
}

/** What the package datasets writes beside the schema (huggingface.co/docs/datasets, `Features`), as far as it is of use here. */
const featuresSchema = z.object({ info: z.object({ features: z.record(z.string(), z.unknown()) }) });
const featureSchema = z.object({ _type: z.string(), names: z.array(z.string()).nullish() });
type Feature = z.infer<typeof featureSchema>;

/** Throws SyntaxError where there is no column of images, or not the one that is asked for. */
export function findColumns(metadata: FileMetaData, asked: AskedColumns): ImageColumns {
  const root = parquetSchema(metadata);
  const features = featuresOf(metadata);
  const all = root.children.map(({ element }) => element.name).join(', ');
  const image = asked.image ?? usual('image', root, (node) => isImage(node, features.get(node.element.name)));
  const imageNode = root.children.find(({ element }) => element.name === image);
  const bytes = imageNode && bytesIn(imageNode);
  if (imageNode === undefined || bytes === undefined) {
    const what =
      asked.image === null ? 'none of its columns holds' : `its column '${asked.image}' (data.image) is none of`;
    throw new SyntaxError(`${what} images as bytes; it has ${all}`);
  }
  const isNamed = (node: SchemaTree): boolean => features.get(node.element.name)?._type === 'ClassLabel';
  const label =
    asked.label ??
    usual('label', root, (node) => isNamed(node) && isLabel(node)) ??
    usual('label', root, (node) => isLabel(node) && isUsual('label', node));
  const labelNode = root.children.find(({ element }) => element.name === label);
  if (asked.label !== null && !(labelNode && isLabel(labelNode))) {
    throw new SyntaxError(`its column '${asked.label}' (data.label) holds no labels; it has ${all}`);
  }
  const path = imageNode.children.find(({ element }) => element.name === 'path' && element.type === 'BYTE_ARRAY');
  return {
    bytes: [root, ...(imageNode === bytes ? [bytes] : [imageNode, bytes])],
    path: path === undefined ? null : [root, imageNode, path],
    label: labelNode === undefined ? null : [root, labelNode],
    classNames: (labelNode && features.get(labelNode.element.name)?.names) ?? null,
  };
}

function featuresOf({ key_value_metadata: pairs = [] }: FileMetaData): Map<string, Feature> {
  const text = pairs.find(({ key }) => key === 'huggingface')?.value;
  if (text === undefined) return new Map();
  const parsed = featuresSchema.safeParse(jsonOf(text));
  if (!parsed.success) return new Map();
  return new Map(
    Object.entries(parsed.data.info.features).flatMap(([name, value]) => {
      const feature = featureSchema.safeParse(value);
      return feature.success ? [[name, feature.data] as const] : [];
    }),
  );
}

/** null: it is none, which says as little as if it were not there. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The column of a usual name among those that fit, or the first of these. */
function usual(what: 'image' | 'label', { children }: SchemaTree, fits: (node: SchemaTree) => boolean): string | null {
  const names = children.filter(fits).map(({ element }) => element.name);
  return names.find((name) => usualNames[what].includes(name.toLowerCase())) ?? names[0] ?? null;
}

function isUsual(what: 'image' | 'label', { element }: SchemaTree): boolean {
  return usualNames[what].includes(element.name.toLowerCase());
}

/** A struct with bytes, or bytes that are no text. */
function isImage(node: SchemaTree, feature: Feature | undefined): boolean {
  if (bytesIn(node) === undefined) return false;
  if (feature !== undefined) return feature._type === 'Image';
  const { converted_type: converted, logical_type: logical } = node.element;
  return node.children.length > 0 || (converted === undefined && logical === undefined);
}

function bytesIn(node: SchemaTree): SchemaTree | undefined {
  const { element, children } = node;
  if (element.repetition_type === 'REPEATED') return undefined;
  if (children.length === 0) return element.type === 'BYTE_ARRAY' ? node : undefined;
  return children.find(
    (child) =>
      child.element.name === 'bytes' &&
      child.element.type === 'BYTE_ARRAY' &&
      child.element.repetition_type !== 'REPEATED',
  );
}

function isLabel({ element, children }: SchemaTree): boolean {
  const { type, repetition_type: repetition } = element;
  return (
    children.length === 0 &&
    repetition !== 'REPEATED' &&
    ['INT32', 'INT64', 'BOOLEAN', 'BYTE_ARRAY'].includes(type ?? '')
  );
}
