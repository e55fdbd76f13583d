/** Standard output and error whose reader may go away: what cannot be written is dropped, and the work goes on. */

/** Commands whose whole result is what they print: lost for another reason than a reader who has seen enough, they failed. */
const PRINTING = ['presets', 'doctor'];

/**
 * A closed pipe (`| head`), a terminal that is gone (EIO) or a full disk (ENOSPC) under the output is no error of a run, whose
 * results are in its folder.
 */
export function surviveLostOutput(command: string | undefined): void {
  for (const stream of [process.stdout, process.stderr]) {
    const lost = (error: NodeJS.ErrnoException): void => {
      stream.write = () => true;
      if (error.code !== 'EPIPE' && stream === process.stdout && PRINTING.includes(command ?? '')) {
        process.stderr.write(`error: Cannot write to standard output: ${error.message}.\n`);
        process.exitCode = 1;
      }
    };
    stream.on('error', lost);
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
    stream.write = ((...args: unknown[]) => {
      try {
        return write(...args);
      } catch (error) {
        // Files are written at once, and throw.
        lost(error as NodeJS.ErrnoException);
        return true;
      }
    }) as typeof stream.write;
  }
}
