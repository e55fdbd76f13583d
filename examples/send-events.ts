/**
 * Sends what happens in a training somewhere else while it goes on: to a file, a line of JSON for each event, or to an address, a POST
 * for each.
 *
 *     node examples/send-events.ts FILE|URL [SETTING=VALUE ...]        Node 22.18 or newer; before that: npx tsx examples/send-events.ts ...
 *
 * A minute on two cores.
 */
import { appendFile } from 'node:fs/promises';
import { type OnEvent, resolveConfig, train } from 'byol-torch';

const [place, ...overrides] = process.argv.slice(2);
if (place === undefined) {
  console.error('Say where to: node examples/send-events.ts FILE|URL');
  process.exit(2);
}

// One at a time and in order: the next event comes when this promise has settled. Steps do not wait for it.
const toFile: OnEvent = (event) => appendFile(place, `${JSON.stringify(event)}\n`);

let lost = 0;
const toAddress: OnEvent = async (event) => {
  try {
    const body = JSON.stringify(event);
    const signal = AbortSignal.timeout(10_000);
    const answer = await fetch(place, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal,
    });
    if (!answer.ok) throw new Error(`the answer was ${answer.status}`);
  } catch (error) {
    // What is thrown from here ends the run; an address that cannot be reached shall not.
    lost += 1;
    if (lost === 1) console.warn(`${place} did not take an event: ${(error as Error).message}`);
  }
};

const config = resolveConfig({
  preset: 'shapes',
  patch: { epochs: 2, evaluation: { linear: { atEnd: false } } },
  overrides,
});
const { verdict } = await train(config, {
  folder: 'runs/send-events',
  overwrite: true,
  onEvent: /^https?:/.test(place) ? toAddress : toFile,
}).result;
console.log(verdict.text);
if (lost > 0) console.warn(`${lost} events were not taken.`);
