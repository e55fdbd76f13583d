/** What of the place where a run was made may change its numbers, beside its settings. */
export interface Origin {
  /** Of byol-torch. */
  readonly version: string;
  /** null: an installed package. */
  readonly commit: string | null;
  /** LibTorch's version. */
  readonly torch: string;
  /** The processor's model. */
  readonly cpu: string;
  /** Which of its instructions LibTorch uses: 'AVX512'. */
  readonly cpuCapability: string;
  readonly device: string;
  /** The device's own facts; left out on the CPU. */
  readonly card?: { readonly name?: unknown } | undefined;
  /** As it was resolved. */
  readonly precision: string;
}

/**
 * What may stand for one another: the same code as far as the versions say, the same kind of device and the same model of it, the same
 * precision. Rounding differs between processors, and in some thousand steps becomes another run.
 */
export function sameOrigin(a: Origin, b: Origin): boolean {
  return (
    a.version === b.version &&
    a.torch === b.torch &&
    a.precision === b.precision &&
    kindOf(a.device) === kindOf(b.device) &&
    processorOf(a) === processorOf(b)
  );
}

/**
 * Records count whatever made them, so that a table can be finished on another machine or with another version; that claims compare
 * only seeds whose rows are of one kind is said. `now`: what the runs that are left are made with; null: none are left. null: all
 * are alike, or it is not known.
 */
export function mixedOrigins(
  records: ReadonlyMap<string, { readonly environment: Origin | null }>,
  now: Origin | null,
): string | null {
  const counts = new Map<string, number>();
  for (const { environment } of records.values()) {
    const name = environment === null ? 'something that they do not tell' : describeOrigin(environment);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const left = now === null ? [] : [describeOrigin(now)];
  if (new Set([...counts.keys(), ...left]).size < 2) return null;
  const made = [...counts].map(([name, count]) => `${count} with ${name}`);
  return (
    `The finished runs were made: ${made.join(', ')}${now === null ? '' : `; those to come: ${left[0]}`}. ` +
    'All are shown, but a claim counts only the seeds whose rows were all made with the same versions, processor, kind of device and ' +
    'precision. To have all of one kind, choose another folder (--out), or delete the records that are to be made anew.'
  );
}

export function describeOrigin(origin: Origin): string {
  const { version, commit, torch, precision } = origin;
  const code = commit === null ? version : `${version} at ${commit.replace(/^([0-9a-f]{9})[0-9a-f]*/, '$1')}`;
  return `byol-torch ${code} and LibTorch ${torch} on ${processorOf(origin)} in ${precision}`;
}

/** On a card no weight is computed by the host's processor. */
function processorOf({ cpu, cpuCapability, device, card }: Origin): string {
  const kind = kindOf(device);
  return kind === 'cpu' ? `${kind} (${cpu}, ${cpuCapability})` : `${kind} (${card?.name ?? 'unknown'})`;
}

function kindOf(device: string): string {
  return device.split(':')[0] as string;
}
