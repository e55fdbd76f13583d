import {
  classesOf,
  type FilesSource,
  type ImageSizes,
  type ImageSource,
  type ImageSplit,
  type MemorySource,
  type PackedSource,
  sizeOf,
  sizesOf,
} from './dataset.js';
import { targetsOf } from './from-arrays.js';

/** Some of a split's images, in this order; images in files are not read for it. */
export function subset(split: ImageSplit, images: Int32Array): ImageSplit;
export function subset(split: ImageSplit<ImageSource>, images: Int32Array): ImageSplit<ImageSource>;
export function subset(split: ImageSplit<ImageSource>, images: Int32Array): ImageSplit<ImageSource> {
  const { targets } = split;
  const labels =
    targets?.kind === 'labels'
      ? Array.from(images, (image) => [...classesOf(targets, image)])
      : images.map((image) => targets?.labels[image] ?? -1);
  return { count: images.length, source: sourceOf(split, images), targets: targetsOf(labels) };
}

function sourceOf({ source, count }: ImageSplit<ImageSource>, images: Int32Array): ImageSource {
  switch (source.kind) {
    case 'memory':
      return inMemory(source, count, images);
    case 'files':
      return inFiles(source, images);
    case 'packed':
      return inStore(source, images);
  }
}

function inMemory(source: MemorySource, count: number, images: Int32Array): MemorySource {
  const sizes = sizesOf(source, images);
  const [from, to] = [startsOf(source, count), startsOf(sizes, images.length)];
  const pixels = new Uint8Array(to[images.length] as number);
  for (const [place, image] of images.entries())
    pixels.set(source.pixels.subarray(from[image], from[image + 1]), to[place]);
  return { kind: 'memory', pixels, ...sizes };
}

/** At which byte each image begins, and the last one ends. */
function startsOf(sizes: ImageSizes, count: number): Float64Array {
  const starts = new Float64Array(count + 1);
  for (let image = 0; image < count; image += 1) {
    const { height, width } = sizeOf(sizes, image);
    starts[image + 1] = (starts[image] as number) + height * width * 3;
  }
  return starts;
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
