import type { MetricName } from './definitions.js';

type Values = Readonly<Partial<Record<MetricName, number | null>>>;

const PARTS = {
  'time/data': 'data',
  'time/augment': 'views',
  'time/forward': 'forward',
  'time/backward': 'backward',
  'time/update': 'update',
} as const satisfies Partial<Record<MetricName, string>>;

/**
 * How fast steps were and where their time went, in words: "812 images/s, 1.31 TFLOP/s (43 % of this machine's matrix rate), 1.2 GiB at
 * most; of a step data 1 %, views 2 %, forward 40 %, backward 52 %, update 5 %". What is not known is left out; null: nothing is.
 */
export function speedText(values: Values): string | null {
  const speed = values['images_per_second'];
  if (typeof speed !== 'number') return null;
  const [tflops, share, memory] = [values['compute/tflops'], values['compute/share'], values['memory/peak']];
  const facts = [`${Math.round(speed).toLocaleString('en-US')} images/s`];
  if (typeof tflops === 'number') {
    const of = typeof share === 'number' ? ` (${Math.round(100 * share)} % of this machine's matrix rate)` : '';
    facts.push(`${Number(tflops.toPrecision(3))} TFLOP/s${of}`);
  }
  if (typeof memory === 'number') facts.push(`${(memory / 2 ** 30).toFixed(1)} GiB at most`);
  const parts = partsText(values);
  return parts === null ? facts.join(', ') : `${facts.join(', ')}; of a step ${parts}`;
}

function partsText(values: Values): string | null {
  const times = Object.entries(PARTS).map(([name, title]) => ({ title, seconds: values[name as MetricName] }));
  let total = 0;
  for (const { seconds } of times) {
    if (typeof seconds !== 'number') return null;
    total += seconds;
  }
  if (total === 0) return null;
  return times.map(({ title, seconds }) => `${title} ${Math.round((100 * (seconds as number)) / total)} %`).join(', ');
}
