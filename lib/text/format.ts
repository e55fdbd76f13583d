/** Numbers as people read them. */

/** "43.8 %" of a fraction; "-" where nothing was measured. */
export function percent(fraction: number | null | undefined): string {
  return fraction === null || fraction === undefined ? '-' : `${(100 * fraction).toFixed(1)} %`;
}

/** "+13.6": the difference of two fractions in percentage points. */
export function points(difference: number): string {
  return `${difference < 0 ? '-' : '+'}${Math.abs(100 * difference).toFixed(1)}`;
}

/** "45 s", "3 min 20 s", "1 h 02 min", "4 d 3 h". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
  const hours = Math.round(whole / 3600);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "50,000" */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** "23.5 million", "306 thousand" */
export function parameters(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} million`;
  return value >= 1e3 ? `${Math.round(value / 1e3)} thousand` : String(value);
}

/** Columns padded to their widest cell; those of numbers to the right. */
export function table(rows: readonly (readonly string[])[], numberColumns: readonly number[] = []): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const pad = (cell: string, column: number): string =>
    numberColumns.includes(column) ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number);
  return rows.map((row) => row.map(pad).join('   ').trimEnd()).join('\n');
}

/** What the number of threads has changed to, and why. */
export function threadsText(threads: number, most: number): string {
  return threads < most
    ? `other work keeps this machine's cores busy: computing with ${threads} of ${most} threads`
    : `the cores are free again: computing with ${threads} threads`;
}
