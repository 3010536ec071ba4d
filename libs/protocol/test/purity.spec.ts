/**
 * Functions that decide never change the state they are given, also when they refuse: every call of a whole history is
 * watched.
 */
import { LocalFleet } from '../src';
import { everything } from './support/everything';
import { now, random } from './support/scenario';
import { fingerprint } from './support/fingerprint';

// Hoisted above the imports, so that whoever calls one of these modules calls the watched functions.
jest.mock('../src/coordinator/announce-round', () => mockWatched('../src/coordinator/announce-round'));
jest.mock('../src/coordinator/publish-round', () => mockWatched('../src/coordinator/publish-round'));
jest.mock('../src/coordinator/receive-answer', () => mockWatched('../src/coordinator/receive-answer'));
jest.mock('../src/coordinator/receive-contribution', () => mockWatched('../src/coordinator/receive-contribution'));
jest.mock('../src/coordinator/receive-epoch-signature', () =>
  mockWatched('../src/coordinator/receive-epoch-signature'),
);
jest.mock('../src/coordinator/receive-report', () => mockWatched('../src/coordinator/receive-report'));
jest.mock('../src/coordinator/receive-seat', () => mockWatched('../src/coordinator/receive-seat'));
jest.mock('../src/coordinator/receive-transfer', () => mockWatched('../src/coordinator/receive-transfer'));
jest.mock('../src/coordinator/receive-vote', () => mockWatched('../src/coordinator/receive-vote'));
jest.mock('../src/coordinator/start-epoch', () => mockWatched('../src/coordinator/start-epoch'));
jest.mock('../src/coordinator/tick-round', () => mockWatched('../src/coordinator/tick-round'));
jest.mock('../src/coordinator/epochs-in-memory', () => mockWatched('../src/coordinator/epochs-in-memory'));
jest.mock('../src/coordinator/resume', () => mockWatched('../src/coordinator/resume'));
jest.mock('../src/coordinator/transcript', () => mockWatched('../src/coordinator/transcript'));
jest.mock('../src/coordinator/work', () => mockWatched('../src/coordinator/work'));
jest.mock('../src/member/answer', () => mockWatched('../src/member/answer'));
jest.mock('../src/member/decided-set', () => mockWatched('../src/member/decided-set'));
jest.mock('../src/member/own-epoch', () => mockWatched('../src/member/own-epoch'));
jest.mock('../src/member/report', () => mockWatched('../src/member/report'));
jest.mock('../src/member/sign-epoch', () => mockWatched('../src/member/sign-epoch'));
jest.mock('../src/member/take-seat', () => mockWatched('../src/member/take-seat'));
jest.mock('../src/member/take-transfers', () => mockWatched('../src/member/take-transfers'));
jest.mock('../src/member/transfer-seeds', () => mockWatched('../src/member/transfer-seeds'));
jest.mock('../src/member/vote-abort', () => mockWatched('../src/member/vote-abort'));
jest.mock('../src/member/vote-ready', () => mockWatched('../src/member/vote-ready'));
jest.mock('../src/router/check-round', () => mockWatched('../src/router/check-round'));
jest.mock('../src/router/contribute', () => mockWatched('../src/router/contribute'));
jest.mock('../src/router/receive-receipt', () => mockWatched('../src/router/receive-receipt'));
jest.mock('../src/router/settle-aborted', () => mockWatched('../src/router/settle-aborted'));
jest.mock('../src/router/settle-published', () => mockWatched('../src/router/settle-published'));

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
