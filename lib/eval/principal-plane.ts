/** Steps of the power iteration: a picture needs no more. */
const STEPS = 60;

/**
 * The rows in the plane of their two directions of largest variance, rows x 2. Nothing is drawn: the same rows give the same plane.
 *
 * @param features rows x dimension, row-major.
 */
export function principalPlane(features: Float32Array, dimension: number): Float64Array {
  const rows = features.length / dimension;
  const centred = Float64Array.from(features);
  for (let column = 0; column < dimension; column += 1) {
    let sum = 0;
    for (let row = 0; row < rows; row += 1) sum += centred[row * dimension + column] as number;
    for (let row = 0; row < rows; row += 1) {
      centred[row * dimension + column] = (centred[row * dimension + column] as number) - sum / rows;
    }
  }
  const plane = new Float64Array(rows * 2);
  const found: Float64Array[] = [];
  for (const axis of [0, 1]) {
    // Of no direction that data prefer, and not the same for both.
    let direction = Float64Array.from({ length: dimension }, (_, i) => Math.sin(1 + i * (axis + 1)));
    for (let step = 0; step < STEPS; step += 1) {
      for (const other of found) removeFrom(direction, other);
      const length = Math.hypot(...direction);
      if (length === 0) break;
      direction = timesCovariance(
        centred,
        direction.map((value) => value / length),
      );
    }
    for (const other of found) removeFrom(direction, other);
    const length = Math.hypot(...direction) || 1;
    direction = direction.map((value) => value / length);
    found.push(direction);
    for (let row = 0; row < rows; row += 1) plane[2 * row + axis] = project(centred, row, direction);
  }
  return plane;
}

function timesCovariance(centred: Float64Array, direction: Float64Array): Float64Array<ArrayBuffer> {
  const dimension = direction.length;
  const product = new Float64Array(dimension);
  for (let row = 0; row < centred.length / dimension; row += 1) {
    const along = project(centred, row, direction);
    for (let i = 0; i < dimension; i += 1) {
      product[i] = (product[i] as number) + along * (centred[row * dimension + i] as number);
    }
  }
  return product;
}

function project(centred: Float64Array, row: number, direction: Float64Array): number {
  let sum = 0;
  const at = row * direction.length;
  for (let i = 0; i < direction.length; i += 1) sum += (centred[at + i] as number) * (direction[i] as number);
  return sum;
}

function removeFrom(direction: Float64Array, other: Float64Array): void {
  let along = 0;
  for (let i = 0; i < other.length; i += 1) along += (direction[i] as number) * (other[i] as number);
  for (let i = 0; i < other.length; i += 1) direction[i] = (direction[i] as number) - along * (other[i] as number);
}
