import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClaimVerdict, withExplanation } from '../../lib/tables/claims.js';

const judged = (verdict: ClaimVerdict, explained?: string) => ({ claim: { explained }, verdict });

test("an explanation is told of what does not hold at scale 'ci', and of nothing else", () => {
  const told = (verdict: ClaimVerdict, scale: string): unknown =>
    withExplanation<{ claim: object; verdict: ClaimVerdict; explained?: string }>(judged(verdict, 'why'), scale)
      .explained;
  assert.equal(told('does not hold', 'ci'), 'why');
  assert.equal(told('holds', 'ci'), undefined);
  assert.equal(told('not decided at this scale', 'ci'), undefined);
  assert.equal(told('does not hold', 'card'), undefined);
  const without = judged('does not hold');
  assert.equal(withExplanation(without, 'ci'), without);
});
