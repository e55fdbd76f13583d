import { ByolError, exitCodes } from '../errors.js';

/** Prints what went wrong to standard error, as one sentence and what to do, and returns the exit code. */
export function reportError(error: unknown, args: readonly string[]): number {
  const verbose = args.includes('--verbose');
  process.stderr.write(`${errorText(error, verbose)}\n`);
  return error instanceof ByolError ? error.exitCode : exitCodes.failure;
}

function errorText(error: unknown, verbose: boolean): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  const lines = [`error: ${error.message}`];
  if (error instanceof ByolError) {
    // Lists follow their first line.
    lines[0] = (lines[0] as string).replace(/\n|$/, (end) => ` [${error.code}]${end}`);
    if (error.hint !== undefined) lines.push(error.hint);
  } else if (!verbose) {
    lines.push('This is not an error that byol-torch expects; --verbose shows where it comes from.');
  }
  if (verbose) lines.push(...stacks(error));
  return lines.join('\n');
}

/** Those of the error, of LibTorch below it, and of what caused it. */
function stacks(error: Error): string[] {
  const { nativeStack } = error as { nativeStack?: unknown };
  const lines = [error.stack ?? ''];
  if (typeof nativeStack === 'string') lines.push('native stack:', nativeStack);
  if (error.cause instanceof Error) lines.push('caused by:', ...stacks(error.cause));
  return lines;
}
