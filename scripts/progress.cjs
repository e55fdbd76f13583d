'use strict';

/**
 * Reports how far something is: in place on a terminal, else a line now and then. `text(done, total)` is one line;
 * nothing is printed twice.
 */
function progressReporter(text, { secondsBetweenLines = 10, output = process.stdout } = {}) {
  const terminal = Boolean(output.isTTY);
  let printed = '';
  let last = terminal ? 0 : Date.now();
  return {
    update(done, total) {
      if (Date.now() - last < (terminal ? 200 : secondsBetweenLines * 1000)) return;
      last = Date.now();
      const line = `  ${text(done, total)}`;
      if (line === printed) return;
      output.write(terminal ? `\r${line.padEnd(printed.length)}` : `${line}\n`);
      printed = line;
    },
    end() {
      if (terminal && printed !== '') output.write(`\r${' '.repeat(printed.length)}\r`);
      printed = '';
    },
  };
}

module.exports = { progressReporter };
