import { basename } from 'node:path';
import type { EncoderOrigin } from './foreign-encoder.js';

/** Where an encoder came from, for the metadata of a safetensors file. */
export function originMetadata(path: string, origin: EncoderOrigin): Record<string, string> {
  const { format, naming, branch, kind, others, progress } = origin;
  return {
    imported_from: basename(path),
    imported_format: format,
    imported_names: naming,
    imported_branch: branch,
    ...(kind !== null && { imported_branch_kind: kind }),
    ...(others.length > 0 && { imported_branches_left: JSON.stringify(others) }),
    ...Object.fromEntries(Object.entries(progress).map(([name, value]) => [`imported_${name}`, String(value)])),
  };
}
