/**
 * A value as people read it, in its unit. Pages carry the text of this function: it may use nothing but its arguments.
 * "0.1235", "23,400", "75.8 %", "19.3 ms", "661 MiB", "-" where there is none.
 */
export function valueText(
  value: number | null | undefined,
  unit: 'fraction' | 'seconds' | 'bytes' | null,
  digits = 4,
): string {
  const plain = (number: number): string => {
    const size = Math.abs(number);
    if (size !== 0 && (size < 1e-4 || size >= 1e9)) return number.toExponential(digits - 1);
    const rounded = Number(number.toPrecision(digits));
    return size >= 1e4 ? Math.round(number).toLocaleString('en-US') : String(rounded);
  };
  if (value === null || value === undefined || !Number.isFinite(value)) return '-';
  switch (unit) {
    case 'fraction':
      return `${(100 * value).toFixed(Math.max(1, digits - 3))} %`;
    case 'seconds':
      return value !== 0 && Math.abs(value) < 1 ? `${plain(1000 * value)} ms` : `${plain(value)} s`;
    case 'bytes':
      return value >= 2 ** 30 ? `${plain(value / 2 ** 30)} GiB` : `${plain(value / 2 ** 20)} MiB`;
    default:
      return plain(value);
  }
}
