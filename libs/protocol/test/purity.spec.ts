/** Functions that decide never change the state they are given, also when they refuse: every call of a whole history is watched. */
import { LocalFleet } from '../src';
import { everything } from './support/everything';
import { now, random } from './support/scenario';
import { fingerprint } from './support/fingerprint';

// Hoisted above the imports, so that whoever calls one of these modules calls the watched functions.
jest.mock('../src/coordinator/epochs', () => mockWatched('../src/coordinator/epochs'));
jest.mock('../src/coordinator/rounds', () => mockWatched('../src/coordinator/rounds'));
jest.mock('../src/coordinator/receive-committee', () => mockWatched('../src/coordinator/receive-committee'));
jest.mock('../src/coordinator/work', () => mockWatched('../src/coordinator/work'));
jest.mock('../src/coordinator/transcript', () => mockWatched('../src/coordinator/transcript'));
jest.mock('../src/member/answer', () => mockWatched('../src/member/answer'));
jest.mock('../src/member/epochs', () => mockWatched('../src/member/epochs'));
jest.mock('../src/member/vote', () => mockWatched('../src/member/vote'));
jest.mock('../src/router/take-part', () => mockWatched('../src/router/take-part'));

const calls: Record<string, number> = {};

function mockWatched(path: string): Record<string, unknown> {
  const actual = jest.requireActual<Record<string, unknown>>(path);
  const { fingerprint } = jest.requireActual<{ fingerprint: (value: unknown) => string }>('./support/fingerprint');
  return Object.fromEntries(
    Object.entries(actual).map(([name, value]) => [
      name,
      typeof value === 'function' ? watch(name, value as (...args: unknown[]) => unknown) : value,
    ]),
  );

  function watch(name: string, original: (...args: unknown[]) => unknown) {
    return (...args: unknown[]): unknown => {
      const states = args.filter(isState);
      const before = states.map(fingerprint);
      const check = (): void => {
        calls[name] = (calls[name] ?? 0) + 1;
        if (states.some((state, i) => fingerprint(state) !== before[i]))
          throw new Error(`${name} changed the state it was given`);
      };
      let result: unknown;
      try {
        result = original(...args);
      } catch (error) {
        check();
        throw error;
      }
      check();
      return result;
    };
  }

  function isState(value: unknown): boolean {
    return (
      typeof value === 'object' &&
      value !== null &&
      ('accepted' in value || ('view' in value && ('rounds' in value || 'participations' in value)))
    );
  }
}

it('of coordinator, members and routers', () => {
  everything(new LocalFleet({ routers: 5, committee: { size: 4, threshold: 2 }, random, nowMs: now }));
  expect(Object.keys(calls)).toEqual(
    expect.arrayContaining([
      'startEpoch',
      'receiveSeat',
      'receiveEpochSignature',
      'announceRound',
      'receiveContribution',
      'tickRound',
      'receiveReport',
      'receiveVote',
      'receiveTransfer',
      'receiveAnswer',
      'workFor',
      'memberViews',
      'buildTranscript',
      'takeSeat',
      'signEpoch',
      'report',
      'voteReady',
      'voteAbort',
      'transferSeeds',
      'takeTransfers',
      'answer',
      'checkRound',
      'contribute',
      'receiveReceipt',
      'settlePublished',
      'settleAborted',
    ]),
  );
});

it('and the watch would notice', () => {
  const fleet = new LocalFleet({ routers: 1, committee: { size: 1, threshold: 1 }, random, nowMs: now });
  const before = fingerprint(fleet.coordinator.state);
  fleet.startEpoch(now);
  expect(fingerprint(fleet.coordinator.state)).not.toBe(before);
});
