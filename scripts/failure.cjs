'use strict';

/** An expected failure of set-up or build: printed as one message, without a stack. */
class Failure extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** Runs a script's main function; prints what goes wrong and sets the exit code. */
async function run(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Failure ? `error: ${error.message} [${error.code}]` : error);
    process.exitCode = 1;
  }
}

module.exports = { Failure, run };
