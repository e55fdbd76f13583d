import assert from 'node:assert/strict';
import { test } from 'node:test';
import { studentCdf, studentQuantile } from '../../../lib/tables/judging/student-t.js';

const close = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.abs(expected), `${actual} instead of ${expected}`);

test("quantiles are those of scipy's t distribution", () => {
  // scipy 1.17.1: stats.t.ppf(p, df)
  const degrees = [1, 2, 4, 5, 9, 19, 39];
  const expected = {
    0.95: [
      6.313751514675, 2.919985580354, 2.131846786327, 2.015048373333, 1.833112932656, 1.729132811521, 1.684875121711,
    ],
    0.965: [
      9.057886686239, 3.578246637774, 2.455891992598, 2.29739233036, 2.055394859595, 1.919991597181, 1.863043302793,
    ],
    0.99: [
      31.820515953774, 6.964556734283, 3.746947387979, 3.364929998907, 2.821437925026, 2.539483190624, 2.425841409736,
    ],
    0.995: [
      63.656741162872, 9.9248432009, 4.60409487135, 4.032142983555, 3.249835541592, 2.860934606465, 2.707913183518,
    ],
    0.9975: [
      127.32133646888, 14.08904727556, 5.597568367075, 4.773340604856, 3.689662392304, 3.173724530792, 2.975608757793,
    ],
  };
  for (const [probability, values] of Object.entries(expected)) {
    for (const [index, df] of degrees.entries()) {
      close(studentQuantile(Number(probability), df), values[index] as number, 1e-10);
    }
  }
  assert.ok(Math.abs(studentQuantile(0.5, 7)) < 1e-12);
  close(studentQuantile(0.035, 4), -2.455891992598, 1e-10);
});

test("probabilities are those of scipy's t distribution", () => {
  // scipy 1.17.1: stats.t.cdf(t, df)
  for (const [t, df, expected] of [
    [1.5, 1, 0.812832958189],
    [-2, 3, 0.069662984279],
    [0.3, 4, 0.610439285861],
    [2.5, 10, 0.984276577882],
    [4, 29, 0.999799968027],
  ] as const) {
    close(studentCdf(t, df), expected, 1e-10);
  }
});
