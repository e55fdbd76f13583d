import { ByolError } from '../errors.js';
import { interruptedExitCode, onInterrupt } from './interrupts.js';

/** Pages of all runs of a folder until Ctrl-C. `port`: 0 for any that is free. */
export async function serveReport(folder: string, port: number): Promise<void> {
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new ByolError('ERR_BYOL_USAGE', '--port must be a whole number from 0 to 65535.');
  }
  const { serveRuns } = await import('../serve/server.js');
  const interrupted = new Promise<void>((resolve) => onInterrupt({ first: () => resolve(), second: () => {} }));
  const server = await serveRuns({ folder, port });
  process.stdout.write(
    `Runs in ${folder}, live: ${server.address}\n` +
      `For browsers on this machine alone; from another one by ssh -L ${server.port}:127.0.0.1:${server.port}. Ctrl-C ends it.\n`,
  );
  await interrupted;
  await server.close();
  process.exitCode = interruptedExitCode();
}
