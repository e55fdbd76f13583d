/** What the library tells the whole process, as a line of this command: Node would speak of its own options beside it. */
export function showWarnings(): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ message }) => {
    process.stderr.write(`warning: ${message}\n`);
  });
}
