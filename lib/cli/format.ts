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

/** Columns padded to their widest cell: the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number))))
    .map((cells) => cells.join('   ').trimEnd())
    .join('\n');
}
