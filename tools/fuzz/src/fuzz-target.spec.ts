/** The fuzzer finds what it is there to find. */
import { SecaggError } from '@secagg/schema';
import { fuzzTarget, shares } from './fuzz';
import { type Target } from './targets/target';

const target = (run: Target['run'], state?: () => unknown): Target => ({
  name: 'a target',
  weight: 1,
  make: (draw) => draw.bytes(1),
  run,
  ...(state ? { state } : {}),
});
const fuzz = (subject: Target, slowMs = 10_000, from = 0) => fuzzTarget(subject, from, 2000, { seed: 's', slowMs });
const refuse = (): never => {
  throw new SecaggError('invalid', 'refused');
};

it('counts what was accepted and refused, by code', () => {
  const { report, finding } = fuzz(target(([byte]) => (byte < 128 ? refuse() : undefined)));
  expect(finding).toBeUndefined();
  expect(report.inputs).toBe(2000);
  expect(report.accepted + report.refused.invalid).toBe(2000);
  expect(report.accepted).toBeGreaterThan(800);
});

it.each<[string, Target, RegExp]>([
  [
    'an error that is no coded one',
    target(([byte]) => {
      if (byte === 7) throw new TypeError('x is not a function');
    }),
    /x is not a function/,
  ],
  [
    'an internal error',
    target(([byte]) => {
      if (byte === 7) throw new SecaggError('internal', 'a bug');
    }),
    /internal: a bug/,
  ],
  [
    'an input that was changed',
    target((input) => {
      if (input[0] === 7) input[0] = 8;
    }),
    /input was changed/,
  ],
])('reports %s, with an input that shows it again', (_name, subject, problem) => {
  const { finding } = fuzz(subject);
  expect(finding?.problem).toMatch(problem);
  const again = fuzz(subject, 10_000, finding?.index).finding;
  expect([again?.index, again?.input]).toEqual([finding?.index, finding?.input]);
});

it('reports a state that a refusal changed', () => {
  const state = { seen: new Map<number, Uint8Array>() };
  const subject = target(
    (input) => {
      if (input[0] === 7) state.seen.set(1, input.slice());
      refuse();
    },
    () => state,
  );
  expect(fuzz(subject).finding?.problem).toMatch(/the state changed/);
});

it('reports an input that takes too long', () => {
  expect(
    fuzz(
      target(() => undefined),
      -1,
    ).finding?.problem,
  ).toMatch(/took \d+ ms/);
});

it('gives every target its share', () => {
  expect(shares([{ ...target(refuse), weight: 3 }, target(refuse)], 4000)).toEqual([3000, 1000]);
});
