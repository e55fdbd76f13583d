/** How long what is left over from a command that failed may take to end by itself. */
const GRACE_MILLISECONDS = 5_000;

/**
 * Ends the process some seconds from now if it has not ended by then: reads of a network folder that stalls never end, and
 * process.exit() would wait for them. The exit code is then that of SIGKILL, 137.
 */
export function leaveSoon(milliseconds = GRACE_MILLISECONDS): void {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), milliseconds).unref();
}
