/** What of the place where a run was made may change its numbers, beside its settings. */
export interface Origin {
  /** Of byol-torch. */
  readonly version: string;
  /** null: an installed package. */
  readonly commit: string | null;
  readonly device: string;
  /** As it was resolved. */
  readonly precision: string;
}

/** What may stand for one another: the same code as far as its version says, the same kind of device, the same precision. */
export function sameOrigin(a: Origin, b: Origin): boolean {
  return a.version === b.version && kindOf(a.device) === kindOf(b.device) && a.precision === b.precision;
}

/**
 * Records count whatever made them, so that a table can be finished on another machine or with another version; that its
 * numbers are then not of one kind is said. `now`: what the runs that are left are made with; null: none are left. null: all
 * are alike, or it is not known.
 */
export function mixedOrigins(
  records: ReadonlyMap<string, { readonly environment: Origin | null }>,
  now: Origin | null,
): string | null {
  const counts = new Map<string, number>();
  for (const { environment } of records.values()) {
    const name = environment === null ? 'something that they do not tell' : originText(environment);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const left = now === null ? [] : [originText(now)];
  if (new Set([...counts.keys(), ...left]).size < 2) return null;
  const made = [...counts].map(([name, count]) => `${count} with ${name}`);
  return (
    `The finished runs were made: ${made.join(', ')}${now === null ? '' : `; those to come: ${left[0]}`}. ` +
    'All count. To have all of one kind, choose another folder (--out), or delete the records that are to be made anew.'
  );
}

function originText({ version, commit, device, precision }: Origin): string {
  const code = commit === null ? version : `${version} at ${commit.replace(/^([0-9a-f]{9})[0-9a-f]*/, '$1')}`;
  return `byol-torch ${code} on ${kindOf(device)} in ${precision}`;
}

function kindOf(device: string): string {
  return device.split(':')[0] as string;
}
