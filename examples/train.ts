/**
 * Trains an encoder from a preset with settings of one's own, tells how it goes, and what came out.
 *
 *     node examples/train.ts [SETTING=VALUE ...]        Node 22.18 or newer; before that: npx tsx examples/train.ts ...
 *
 * A minute on two cores. Settings of the command line go over those below: epochs=12, optimizer.baseLearningRate=0.1.
 */
import { resolveConfig, train } from 'byol-torch';

const config = resolveConfig({
  preset: 'shapes',
  patch: { epochs: 4, evaluation: { knn: { everyEpochs: 1 }, linear: { epochs: 10 } } },
  overrides: process.argv.slice(2),
});
const run = train(config, { folder: 'runs/example', resume: true });

const percent = (fraction: number) => `${(100 * fraction).toFixed(1)} %`;

// The run goes on whether or not anybody reads its events. Leaving the loop stops it, and the same program again goes on with it.
for await (const event of run) {
  switch (event.type) {
    case 'start':
      console.log(`${event.images} images, ${event.parameters} parameters, ${event.steps} steps in ${event.folder}`);
      break;
    case 'epoch': {
      const { loss, 'knn/top1': knn } = event.metrics;
      const accuracy = knn === undefined ? '' : `, kNN ${percent(knn)}`;
      console.log(`epoch ${event.epoch} of ${event.epochs}: loss ${loss.toFixed(3)}${accuracy}`);
      break;
    }
    case 'warning':
      console.warn(event.message);
      break;
  }
}

const { untrained, knn, linear, verdict, encoder } = await run.result;
console.log(verdict.text);
if (untrained.knn && knn) console.log(`kNN: ${percent(untrained.knn.top1)} untrained, ${percent(knn.top1)} trained`);
if (linear) console.log(`linear classifier: ${percent(linear.top1)}`);
console.log(`The encoder is ${encoder}.`);
