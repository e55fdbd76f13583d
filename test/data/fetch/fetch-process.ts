/** Fetches a set in a process of its own, which a test kills: node fetch-process.js OUT SET, the set as JSON. */
import { fetchSet } from '../../../lib/data/fetch/fetch-set.js';

const [out = '', set = ''] = process.argv.slice(2);
try {
  await fetchSet('mine', JSON.parse(set), { out, pause: 1, onProgress: () => process.stdout.write('.') });
} catch (error) {
  process.stderr.write(
    `${(error as { code?: string }).code} ${(error as Error).message} ${(error as { hint?: string }).hint}\n`,
  );
  process.exitCode = 1;
}
