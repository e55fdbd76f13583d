import { relative } from 'node:path';
import { type Oddity, oddityTexts } from '../data/check/check-images.js';
import type { Gallery, GalleryPicture } from '../data/check/gallery.js';
import type { CheckSummary, Duplicates, Spread } from '../data/check/summary.js';
import { splitTitles } from '../data/dataset.js';
import { suggestedLimit } from '../data/photos/broken.js';
import type { PagePicture, PhotosPage } from '../report/photos-page.js';
import { count } from '../text/format.js';

/** Names that are printed of many; the page has all. */
const PRINTED = 10;
/** On the page. */
const LISTED = 1000;

/** A check in words, for a terminal. */
export function checkText(title: string, summary: CheckSummary): string {
  const { broken, duplicates, notes } = summary;
  const facts = factsOf(summary);
  const width = Math.max(...facts.map(([name]) => name.length)) + 3;
  const lines = [title, ...facts.map(([name, value]) => `${name.padEnd(width)}${value}`)];
  const list = (names: readonly string[]): void => {
    lines.push(...names.slice(0, PRINTED).map((name) => `  ${name}`));
    if (names.length > PRINTED) lines.push(`  and ${count(names.length - PRINTED)} more`);
  };
  if (broken.length > 0) {
    lines.push('', 'Broken:');
    list(broken.map(({ location, reason }) => `${location}: it ${reason}`));
  }
  if (duplicates.length > 0) {
    lines.push('', 'The same contents:');
    list(duplicates.map(duplicateText));
  }
  if (notes.length > 0) lines.push('', ...notes);
  lines.push('', verdictOf(summary).text);
  return lines.join('\n');
}

function factsOf(summary: CheckSummary): Array<readonly [string, string]> {
  const { splits, classes, formats, shorterSide, longerSide, fileBytes, pixelBytes, odd, broken, duplicates } = summary;
  const copies = duplicates.reduce((sum, { locations }) => sum + locations.length - 1, 0);
  return [
    ...splits.map(({ split, images, labelled }) => {
      const labels =
        labelled === images ? '' : labelled === 0 ? ', without labels' : `, ${count(labelled)} with a label`;
      return [splitTitles[split], `${count(images)}${labels}`] as const;
    }),
    ['classes', classes.length === 0 ? 'none' : `${count(classes.length)}${classSpread(summary)}`],
    ...(splits.length === 0
      ? []
      : ([
          [
            'formats',
            Object.entries(formats)
              .map(([format, images]) => `${format} ${count(images)}`)
              .join(', '),
          ],
          ['shorter side', spreadText(shorterSide)],
          ['longer side', spreadText(longerSide)],
          ['bytes', `${megabytes(fileBytes)} in files, ${megabytes(pixelBytes)} of pixels`],
        ] as const)),
    ...odd.map(({ oddity, images }) => ['odd', `${count(images.count)} ${oddityTexts[oddity]}`] as const),
    ['broken', broken.length === 0 ? 'none' : count(broken.length)],
    ['duplicates', copies === 0 ? 'none' : `${count(copies)}${duplicateNotes(duplicates)}`],
  ];
}

/** ", 100 to 1,300 images each" of the first split. */
function classSpread({ splits, classes }: CheckSummary): string {
  const first = splits[0]?.split;
  if (first === undefined) return '';
  const images = classes.map((each) => each.images[first] ?? 0);
  const [least, most] = [images.reduce((a, b) => Math.min(a, b)), images.reduce((a, b) => Math.max(a, b))];
  return `, ${least === most ? count(least) : `${count(least)} to ${count(most)}`} ${splitTitles[first]} each`;
}

function duplicateNotes(duplicates: readonly Duplicates[]): string {
  const across = duplicates.filter(({ acrossSplits }) => acrossSplits).length;
  const classes = duplicates.filter(({ acrossClasses }) => acrossClasses).length;
  return [
    across > 0 ? `, ${count(across)} of them in several splits` : '',
    classes > 0 ? `, ${count(classes)} with different classes` : '',
  ].join('');
}

function duplicateText({ locations, acrossSplits, acrossClasses }: Duplicates): string {
  const notes = [...(acrossSplits ? ['in several splits'] : []), ...(acrossClasses ? ['with different classes'] : [])];
  return `${locations.join(' = ')}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
}

function spreadText({ least, median, most }: Spread): string {
  return least === most
    ? `${count(least)} pixels`
    : `${count(least)} to ${count(most)} pixels, half of them up to ${count(median)}`;
}

function megabytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toPrecision(3)} MB` : `${(bytes / 1e9).toPrecision(3)} GB`;
}

function verdictOf({ splits, broken, brokenLimit, duplicates }: CheckSummary): PhotosPage['verdict'] {
  const images = splits.reduce((sum, each) => sum + each.images, 0);
  const leaks = duplicates.some(({ acrossSplits }) => acrossSplits);
  const problems = [
    ...(broken.length > 0
      ? [`${count(broken.length)} broken ${broken.length === 1 ? 'file is' : 'files are'} left out`]
      : []),
    ...(images > 0 && brokenLimit !== null && broken.length > brokenLimit * (images + broken.length)
      ? [
          `so many are refused without --set data.brokenLimit=${suggestedLimit(broken.length, images + broken.length)} (now ${brokenLimit})`,
        ]
      : []),
    ...(leaks ? ['some images are in several splits, so results will be too good'] : []),
  ];
  const good = problems.length === 0;
  return {
    good,
    text: `${count(images)} images can be used${good ? ', and nothing is broken' : `; ${problems.join('; ')}`}.`,
  };
}

/** The same as a page with pictures. `root`: names are shown relative to it. */
export function checkPage(title: string, root: string, summary: CheckSummary, gallery: Gallery): PhotosPage {
  const picture = ({ jpeg, location, width, height }: GalleryPicture): PagePicture => ({
    jpeg,
    caption: `${relative(root, location)} ${width} x ${height}`,
  });
  const counts = new Map(summary.classes.map(({ name, images }) => [name, Object.entries(images)]));
  const oddCounts = new Map<Oddity, number>(summary.odd.map(({ oddity, images }) => [oddity, images.count]));
  const lists = [
    { title: 'Broken files', lines: summary.broken.map(({ location, reason }) => `${location}: it ${reason}`) },
    { title: 'The same contents', lines: summary.duplicates.map(duplicateText) },
  ];
  return {
    title,
    verdict: verdictOf(summary),
    facts: factsOf(summary),
    notes: summary.notes,
    classes: [...gallery.classes].map(([name, pictures]) => ({
      title: name === '' ? 'Without a class' : name,
      note: (counts.get(name) ?? []).map(([split, images]) => `${count(images)} ${split}`).join(', '),
      pictures: pictures.map(picture),
    })),
    odd: [...gallery.odd].map(([oddity, pictures]) => ({
      title: `${count(oddCounts.get(oddity) ?? 0)} ${oddityTexts[oddity]}`,
      note: '',
      pictures: pictures.map(picture),
    })),
    lists: lists
      .filter(({ lines }) => lines.length > 0)
      .map(({ title: name, lines }) => ({
        title: `${name}: ${count(lines.length)}`,
        lines: lines.length > LISTED ? [...lines.slice(0, LISTED), `and ${count(lines.length - LISTED)} more`] : lines,
      })),
  };
}
