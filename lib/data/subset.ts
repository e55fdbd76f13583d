import {
  type FilesSource,
  type ImageSizes,
  type ImageSource,
  type ImageSplit,
  type MemorySource,
  type PackedSource,
  sizesOf,
  type Targets,
} from './dataset.js';

/** Some of a split's images, in this order; images in files are not read for it. */
export function subset(split: ImageSplit, images: Int32Array): ImageSplit;
export function subset(split: ImageSplit<ImageSource>, images: Int32Array): ImageSplit<ImageSource>;
export function subset({ source, targets }: ImageSplit<ImageSource>, images: Int32Array): ImageSplit<ImageSource> {
  return { count: images.length, source: sourceOf(source, images), targets: targets && targetsOf(targets, images) };
}

function sourceOf(source: ImageSource, images: Int32Array): ImageSource {
  switch (source.kind) {
    case 'memory':
      return inMemory(source, images);
    case 'files':
      return inFiles(source, images);
    case 'packed':
      return inStore(source, images);
  }
}

function inMemory(source: MemorySource, images: Int32Array): MemorySource {
  const starts = startsOf(source);
  const sizes = sizesOf(source, images);
  const ends = startsOf(sizes, images.length);
  const pixels = new Uint8Array(ends(images.length));
  for (const [place, image] of images.entries())
    pixels.set(source.pixels.subarray(starts(image), starts(image + 1)), ends(place));
  return { kind: 'memory', pixels, ...sizes };
}

/** At which byte each image begins. */
function startsOf({ heights, widths }: ImageSizes, count = 0): (image: number) => number {
  if (typeof heights === 'number' && typeof widths === 'number') return (image) => image * heights * widths * 3;
  const images = typeof heights === 'number' ? (typeof widths === 'number' ? count : widths.length) : heights.length;
  const side = (sides: number | Int32Array, image: number): number =>
    typeof sides === 'number' ? sides : (sides[image] as number);
  const starts = new Float64Array(images + 1);
  for (let image = 0; image < images; image += 1)
    starts[image + 1] = (starts[image] as number) + side(heights, image) * side(widths, image) * 3;
  return (image) => starts[image] as number;
}

function inFiles(source: FilesSource, images: Int32Array): FilesSource {
  const of = (place: number): number => images[place] as number;
  return {
    kind: 'files',
    ...sizesOf(source, images),
    brokenLimit: source.brokenLimit,
    read: (place) => source.read(of(place)),
    place: (place) => source.place(of(place)),
    location: (place) => source.location(of(place)),
    format: (place) => source.format(of(place)),
    orientation: (place) => source.orientation(of(place)),
  };
}

function inStore(source: PackedSource, images: Int32Array): PackedSource {
  const of = (place: number): number => images[place] as number;
  return {
    kind: 'packed',
    ...sizesOf(source, images),
    path: source.path,
    sums: Uint32Array.from(images, (image) => source.sums[image] as number),
    offset: (place) => source.offset(of(place)),
    location: (place) => source.location(of(place)),
    read: (place) => source.read(of(place)),
  };
}

function targetsOf(targets: Targets, images: Int32Array): Targets | null {
  if (targets.kind === 'class') {
    const labels = images.map((image) => targets.labels[image] as number);
    // Of images that nothing is known of there are no targets.
    return labels.some((label) => label >= 0) ? { kind: 'class', labels } : null;
  }
  const parts = Array.from(images, (image) =>
    targets.labels.subarray(targets.offsets[image], targets.offsets[image + 1]),
  );
  const offsets = new Int32Array(images.length + 1);
  for (const [place, part] of parts.entries()) offsets[place + 1] = (offsets[place] as number) + part.length;
  return { kind: 'labels', labels: Int32Array.from(parts.flatMap((part) => [...part])), offsets };
}
