/** Why a file cannot be imported: a clause without the file's name and without a full stop, which the opener of the file adds. */
export class ImportProblem extends Error {
  override readonly name = 'ImportProblem';
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(reason: string, hint?: string) {
    super(reason);
    this.hint = hint;
  }
}
