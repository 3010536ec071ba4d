/** Ten thousand inputs to every decoder and role; the command does more, and the HTTP routes too. */
import { fuzzTarget, shares } from './fuzz';
import { createTargets } from './targets';
import { allMessages } from './targets/decoders';
import { createWorld } from './world';

const INPUTS = 10_000;
// A machine at work may pause; what an input can slow down it slows down by more.
const SLOW_MS = 10_000;

jest.setTimeout(120_000);

const targets = createTargets(createWorld('ci'));
const counts = shares(targets, INPUTS);

it.each(targets.map((target, i) => [target.name, counts[i], target] as const))(
  '%s: %d inputs, and only coded problems',
  (_name, count, target) => {
    const { report, finding } = fuzzTarget(target, 0, count, { seed: 'ci', slowMs: SLOW_MS });
    expect(finding).toBeUndefined();
    expect(report.inputs).toBe(count);
    // Something is refused everywhere, or the mutations are none.
    expect(Object.keys(report.refused).length).toBeGreaterThan(0);
  },
);

it('covers every message of the schema', () => {
  expect(allMessages().length).toBeGreaterThan(25);
});
