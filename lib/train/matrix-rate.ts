import type { NativeModule } from '../binding/native.js';
import type { ResolvedDevice } from '../methods/learner-spec.js';

/** By device and precision, of this process. */
const known = new Map<string, number>();

const keyOf = ({ device, precision }: ResolvedDevice): string => `${device} ${precision}`;

/** Floating-point operations a second of a large matrix product; null: nobody has measured it in this process. */
export function knownMatrixRate(place: ResolvedDevice): number | null {
  return known.get(keyOf(place)) ?? null;
}

/** Measures it, which takes the device half a second. null where that cannot be done: it is to be known, and nothing depends on it. */
export async function measureMatrixRate(
  native: Pick<NativeModule, 'deviceRates'>,
  place: ResolvedDevice,
): Promise<number | null> {
  try {
    const { matrix } = await native.deviceRates(place.device, place.precision);
    known.set(keyOf(place), matrix);
    return matrix;
  } catch {
    return null;
  }
}
