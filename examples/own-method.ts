/**
 * A method of one's own: BYOL that is also pushed away from the other images of the batch, a point between BYOL and SimCLR
 * (BYOL paper, section 5.1). It is trained beside BYOL on the same images with the same seed.
 *
 *     node examples/own-method.ts [SETTING=VALUE ...]        Node 22.18 or newer; before that: npx tsx examples/own-method.ts ...
 *
 * A minute on two cores.
 */
import { type Method, methods, registerMethod, resolveConfig, train } from 'byol-torch';

/** From the settings of BYOL to those of the method: what it does not change stays. */
const repelled: Method = (base) => ({
  ...base,
  objective: { ...base.objective, negatives: { kind: 'batch', weight: 0.5, temperature: 0.3 } },
});

// With a name it works wherever a method is named. For this program the function would be enough.
registerMethod({
  name: 'repelled',
  title: 'Repelled BYOL',
  summary: 'BYOL with half of the term of SimCLR that pushes images apart',
  recipe: repelled,
});

for (const method of [methods.byol, repelled]) {
  const config = resolveConfig({
    preset: 'shapes',
    method,
    patch: { epochs: 2, evaluation: { linear: { atEnd: false } } },
    overrides: process.argv.slice(2),
  });
  const name = method === repelled ? 'repelled' : 'byol';
  const run = train(config, { folder: `runs/own-method/${name}`, resume: true });
  const { untrained, knn, metrics, verdict } = await run.result;
  console.log(`${name}: ${verdict.text}`);
  console.log(`  kNN: ${percent(untrained.knn?.top1)} untrained, ${percent(knn?.top1)} trained`);
  console.log(`  spread of the projections: ${metrics?.['collapse/std'].toFixed(2)} (1 spread, 0 collapsed)`);
}

function percent(fraction: number | undefined): string {
  return fraction === undefined ? 'not measured' : `${(100 * fraction).toFixed(1)} %`;
}
