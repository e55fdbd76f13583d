/** Edit distance in which a swap of two neighbours counts as one (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (last[column - 1] as number) + (same ? 0 : 1),
      );
      if (a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] as number) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] as number;
}

/**
 * The candidate that someone who wrote `word` most likely meant; undefined if none is near. Case, - and _ do not count;
 * abbreviations do: 'lr' is baseLearningRate, 'tau' is tauBase.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(plain(word), plain(candidate));
    // A third of the letters: 'momentm' is 'momentum', but 'k' is not 'lr'.
    const limit = Math.max(plain(word).length, plain(candidate).length) / 3;
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate ?? candidates.find((candidate) => abbreviates(plain(word), candidate));
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[-_]/g, '');
}

function abbreviates(word: string, candidate: string): boolean {
  const initials = candidate.replace(/(?!^)[^A-Z]/g, '').toLowerCase();
  return (word.length >= 2 && initials.endsWith(word)) || (word.length >= 3 && plain(candidate).includes(word));
}
