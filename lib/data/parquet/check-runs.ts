/** More than a run may have beyond the values that are left: bit-packed runs are of whole groups. */
const PADDING = 512;

/**
 * Whether runs of the hybrid of run lengths and packed bits (github.com/apache/parquet-format, Encodings.md) have as many values as there
 * are, and none many more: who reads them believes their lengths, and reads on behind them. A damaged length takes minutes and gigabytes.
 *
 * @param least that there must be; @param most that may be read.
 */
export function areRunsWithin(bytes: Uint8Array, width: number, least: number, most: number): boolean {
  let [at, seen] = [0, 0];
  while (at < bytes.length && seen < most) {
    let [header, shift] = [0, 1];
    for (let more = true; more && at < bytes.length; at += 1) {
      header += ((bytes[at] as number) & 127) * shift;
      shift *= 128;
      more = (bytes[at] as number) >= 128;
    }
    const isPacked = header % 2 === 1;
    const length = Math.floor(header / 2);
    const count = isPacked ? length * 8 : length;
    if (count > most - seen + PADDING) return false;
    seen += count;
    at += isPacked ? length * width : Math.ceil(width / 8);
  }
  return seen >= least;
}
