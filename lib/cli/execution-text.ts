import type { Execution } from '../binding/native.js';

const IMAGES: Readonly<Record<Execution['images'], string>> = {
  resident: "all images lie in the device's memory",
  staged: 'the images of each batch are copied to the device beside the step before',
  host: 'the processor makes the views',
};

/** How a device computes the steps of a training, in one line. */
export function executionText({ graph, reason, images }: Execution): string {
  const steps = graph === 'captured' ? 'a step is one graph' : `a step is launched operation by operation: ${reason}`;
  return `${steps.replace(/\.$/, '')}; ${IMAGES[images]}`;
}
