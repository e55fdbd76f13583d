import { architectureName } from '../export/encoder.js';
import type { EncoderOrigin } from '../import/foreign-encoder.js';
import type { ImportedEncoder } from '../import/import-encoder.js';
import { count, parameters, table } from '../text/format.js';

/** What `byol import` has done: what was found, how images have to be for it, and what was taken for granted. */
export function importText(file: string, imported: ImportedEncoder): string {
  const { path, description, origin, sha256, assumed } = imported;
  const { encoder, norm, input } = description;
  const rows = [
    ['from', `${file}, ${origin.format}, names of ${origin.naming}${progressText(origin)}`],
    ['network', networkText(origin)],
    ['computes', `padding ${encoder.padding}, ${norm.encoder} normalisation with epsilon ${norm.epsilon}`],
    [
      'images',
      `${input.size} pixels, ${input.transform} crop, ${input.resampling}${input.antialias ? ', antialiased' : ''}, mean ${input.mean.join(' ')}, std ${input.std.join(' ')}`,
    ],
    ['sha256', sha256],
  ];
  const sizes = `${count(imported.features)} features, ${parameters(imported.parameters)} parameters`;
  const note =
    assumed.length === 0
      ? ''
      : `\nThe file does not say ${assumed.join(', ')}: taken as PyTorch's ResNets have it. Options change it.`;
  return `${path}: ${architectureName(encoder)}, ${sizes}\n${table(rows)}${note}\n`;
}

function progressText({ progress }: EncoderOrigin): string {
  return Object.entries(progress)
    .map(([name, value]) => `, ${name} ${value}`)
    .join('');
}

function networkText({ branch, kind, others }: EncoderOrigin): string {
  const which = { online: ', the trained one', target: ', a moving average' };
  const left = others.length === 0 ? '' : `; left: ${others.join(', ')}`;
  return `${branch === '' ? 'the only one' : branch}${kind === null ? '' : which[kind]}${left}`;
}
