/** As one word of a POSIX shell. */
export function quoteArgument(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command that can be pasted into a POSIX shell. */
export function quoteCommand(words: readonly string[]): string {
  return words.map(quoteArgument).join(' ');
}
