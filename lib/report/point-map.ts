import { type Colour, neutral, palette } from './palette.js';
import { escapeText } from './svg.js';

/** Points in the plane, with a colour and a shape for each of the largest classes. */
export interface PointMap {
  /** x and y of each point. */
  readonly places: Float64Array;
  /** Of each point its class, -1 where unknown. */
  readonly labels: Int32Array;
}

/** Classes that have a colour of their own. */
const COLOURED = 10;

/** Side of a map in its own units. */
export const MAP_SIDE = 600;
const MARGIN = 16;

/** As far as ten can be told apart; shapes do it besides. */
const COLOURS: readonly Colour[] = [
  ...palette,
  ['#7a1f1f', '#e06b6b'],
  ['#1c7f8c', '#6fd3df'],
  ['#5a7a00', '#b5d84a'],
  neutral,
];
const OTHER = ['#9aa0a6', '#6b7177'] as const;

/** Classes in the order of the legend. */
export interface MapClass {
  /** -1: all others together. */
  readonly label: number;
  readonly name: string;
  readonly count: number;
}

/** The classes by their numbers; of more than ten the ten largest, and the others as one. Without labels: images. */
export function mapClasses(labels: Int32Array, classNames: readonly string[]): MapClass[] {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const named = [...counts].filter(([label]) => label >= 0).sort(([a, x], [b, y]) => y - x || a - b);
  const shown = named.slice(0, COLOURED).sort(([a], [b]) => a - b);
  const classes = shown.map(([label, count]) => ({ label, name: classNames[label] ?? String(label), count }));
  const rest = labels.length - classes.reduce((sum, { count }) => sum + count, 0);
  if (rest === 0) return classes;
  const more = named.length - shown.length;
  const name = classes.length === 0 ? 'images' : more > 0 ? `${more} other classes` : 'without a class';
  return [...classes, { label: -1, name, count: rest }];
}

/** Of the classes, for `fill`: a rule for each, on light and dark pages. */
export function mapStyle(classes: readonly MapClass[]): string {
  const rule = (theme: 0 | 1): string =>
    classes.map(({ label }, i) => `.class${i}{fill:${(label < 0 ? OTHER : (COLOURS[i] ?? OTHER))[theme]}}`).join('');
  return `.point{stroke:#fff;stroke-width:.6}${rule(0)}@media(prefers-color-scheme:dark){.point{stroke:#15181c}${rule(1)}}`;
}

/** The same for pages, whose reader may choose against the system's preference. */
export function pageMapStyle(classes: readonly MapClass[]): string {
  const rules = classes.map(({ label }, i) => {
    const [light, dark] = label < 0 ? OTHER : (COLOURS[i] ?? OTHER);
    return `.class${i}{fill:light-dark(${light},${dark})}`;
  });
  return `.point{stroke:var(--page);stroke-width:.6}${rules.join('')}`;
}

/** The points in a map's units, whole tenths: each axis is stretched to the whole width, since neither has a meaning. */
export function mapPlaces({ places }: Pick<PointMap, 'places'>): number[] {
  const [x, y] = [0, 1].map((axis) => {
    const values = places.filter((_, i) => i % 2 === axis);
    const low = least(values);
    return { low, scale: (MAP_SIDE - 2 * MARGIN) / (most(values) - low || 1) };
  });
  return Array.from(places, (value, i) => {
    const axis = i % 2 === 0 ? x : y;
    const at = axis === undefined ? MAP_SIDE / 2 : MARGIN + (value - axis.low) * axis.scale;
    return Math.round(10 * at) / 10;
  });
}

function least(values: Float64Array): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function most(values: Float64Array): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}

/** A path for each class, below each other in the order of the classes. */
export function drawPoints(map: PointMap, classes: readonly MapClass[]): string {
  const at = mapPlaces(map);
  const size = map.labels.length > 1200 ? 3.4 : map.labels.length > 400 ? 4.2 : 5.5;
  const place = new Map(classes.map(({ label }, i) => [label, i]));
  const rest = classes.findIndex(({ label }) => label < 0);
  const paths: string[][] = classes.map(() => []);
  for (const [point, label] of map.labels.entries()) {
    const of = place.get(label) ?? rest;
    paths[of]?.push(shape(of, classes[of]?.label === -1, at[2 * point] as number, at[2 * point + 1] as number, size));
  }
  // What has no colour lies below what has.
  const order = classes.map((_, i) => i).sort((a, b) => Number(b === rest) - Number(a === rest));
  return order.map((i) => `<path class="point class${i}" data-class="${i}" d="${paths[i]?.join('')}"/>`).join('\n');
}

/** The sign of a class, around a point. */
export function shape(index: number, plain: boolean, x: number, y: number, r: number): string {
  const n = (value: number): string => String(Math.round(10 * value) / 10);
  const polygon = (...corners: ReadonlyArray<readonly [number, number]>): string =>
    `M${corners.map(([dx, dy]) => `${n(x + r * dx)} ${n(y + r * dy)}`).join('L')}Z`;
  switch (plain ? 0 : index % 5) {
    case 1:
      return polygon([-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]);
    case 2:
      return polygon([0, -1.2], [1.1, 0.8], [-1.1, 0.8]);
    case 3:
      return polygon([0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]);
    case 4:
      return polygon([0, 1.2], [1.1, -0.8], [-1.1, -0.8]);
    default:
      return `M${n(x - r)} ${n(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  }
}

/** A map by itself: what it is for those who cannot see it is `title`. */
export function renderPointMap(map: PointMap, classes: readonly MapClass[], title: string): string {
  return (
    `<svg class="map" viewBox="0 0 ${MAP_SIDE} ${MAP_SIDE}" role="img" aria-label="${escapeText(title)}" tabindex="0">` +
    `${drawPoints(map, classes)}<circle class="marker" r="10" cx="-20" cy="-20"/></svg>`
  );
}
