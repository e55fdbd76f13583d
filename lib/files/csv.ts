/** What stands between the fields of a line. */
const SEPARATORS = [',', ';', '\t'] as const;

/**
 * The rows of a CSV file (RFC 4180; separated by comma, semicolon or tab, whichever its first line has most of). Quoted fields may
 * hold separators, line ends, and quotes as two; lines with nothing but spaces are left out. Throws SyntaxError where a quote is not closed.
 */
export function parseCsv(text: string): string[][] {
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  const separator = separatorOf(body.slice(0, body.search(/[\r\n]|$/)));
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < body.length) {
    const quoted = body[at] === '"';
    const [field, end] = quoted ? quotedField(body, at, rows.length + 1) : plainField(body, at, separator);
    row.push(field);
    at = end;
    if (body[at] === separator) {
      at += 1;
      // Nothing after the last separator is an empty field.
      if (at === body.length) row.push('');
      else if (body[at] !== '\n' && body[at] !== '\r') continue;
      else row.push('');
    }
    if (body[at] === '\r') at += 1;
    if (body[at] === '\n') at += 1;
    if (row.length > 1 || row[0]?.trim() !== '') rows.push(row);
    row = [];
  }
  return rows;
}

function separatorOf(line: string): string {
  const times = (separator: string): number => line.split(separator).length;
  return SEPARATORS.reduce((best, separator) => (times(separator) > times(best) ? separator : best));
}

function plainField(text: string, start: number, separator: string): readonly [string, number] {
  let end = start;
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end += 1;
  return [text.slice(start, end), end];
}

function quotedField(text: string, start: number, row: number): readonly [string, number] {
  let field = '';
  for (let at = start + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new SyntaxError(`a quote in row ${row} is not closed`);
    field += text.slice(at, quote);
    if (text[quote + 1] !== '"') return [field, quote + 1];
    field += '"';
    at = quote + 2;
  }
}
