/**
 * Coordinators that share a journal know contributions by their headers, and add up their ciphertexts somewhere else.
 */
import { randomBytes } from 'node:crypto';
import { WordSum } from '@secagg/crypto';
import { defaultFields } from '@secagg/schema';
import {
  acceptedContribution,
  type CoordinatorEvent,
  emptyCoordinator,
  evolveCoordinator,
  isOpenable,
  LocalFleet,
  publishRound,
  roundKey,
  type RoundState,
  runCommittee,
  tickRound,
} from '../src';

const now = Date.UTC(2026, 0, 1);
type Accepted = Extract<CoordinatorEvent, { type: 'contribution-accepted' }>;

describe('a round whose sums are counted elsewhere', () => {
  const fleet = new LocalFleet({ routers: 7, committee: { size: 4, threshold: 2 }, random: randomBytes, nowMs: now });
  const { coordinator } = fleet;
  const events: CoordinatorEvent[] = [];
  const commit = coordinator.commit.bind(coordinator);
  coordinator.commit = (step) => {
    events.push(...step.events);
    return commit(step);
  };
  fleet.startEpoch(now);
  const plan = {
    keys: ['m:t'],
    fields: defaultFields(),
    maxRequestsPerRouter: 10,
    minParticipantsPerGroup: 2,
    maxParticipants: 8,
    groups: 1,
    privacy: { unit: 'request' as const, rho: 0.1, deltaInverse: 1_000_000 },
    sendDelayMs: 0,
    durationMs: 1000,
  };
  const { key } = fleet.announce(plan, now);
  for (const router of fleet.routers)
    router.send(coordinator, key, router.contribution(coordinator, key, new Float64Array(3), now));
  runCommittee(coordinator, fleet.members, now + 1000);
  const accepted = events.filter((event): event is Accepted => event.type === 'contribution-accepted');
  const opening = events.findIndex(({ type }) => type === 'round-published');
  const listed: CoordinatorEvent[] = [accepted.slice(0, 4), accepted.slice(4)].map((part) => ({
    type: 'contributions-listed',
    key,
    headers: part.map(({ bytes }) => acceptedContribution(bytes).checked.signed),
  }));

  function replica() {
    const state = emptyCoordinator(coordinator.state.view);
    for (const event of events.slice(0, opening)) {
      if (event.type === 'round-closed') for (const list of listed) evolveCoordinator(state, list);
      if (event.type !== 'contribution-accepted') evolveCoordinator(state, event);
    }
    return { state, round: state.rounds.get(key) as RoundState };
  }
  /** As two tasks would add them up. */
  function sumsOf({ verified: { dimension, config } }: RoundState): WordSum[] {
    return Array.from({ length: config.groups }, (_, group) => {
      const parts = [accepted.slice(0, 3), accepted.slice(3)].map((part) => {
        const sum = new WordSum(dimension, config.layout.word_bits);
        for (const { bytes } of part) {
          const { checked, contribution } = acceptedContribution(bytes);
          if (checked.header.group === group) sum.addPacked(contribution.ciphertext);
        }
        return sum.toPacked();
      });
      const total = new WordSum(dimension, config.layout.word_bits);
      for (const words of parts) total.addPacked(words);
      return total;
    });
  }

  it('comes to the same set, decision and pieces without any ciphertext', () => {
    const { round } = replica();
    const whole = coordinator.state.rounds.get(key) as RoundState;
    expect(accepted).toHaveLength(7);
    expect(round.accepted).toEqual(whole.accepted);
    expect(round.headersRoot).toEqual(whole.headersRoot);
    expect(round.decision?.hash).toEqual(whole.decision?.hash);
    expect([round.phase, isOpenable(round)]).toEqual(['answering', true]);
  });

  it('is never opened from sums that lack its contributions', () => {
    const { state, round } = replica();
    expect(tickRound(state, coordinator.context, key, now + 2000)).toEqual([]);
    expect(round.phase).toBe('answering');
  });

  it('is opened to the same words with the sums of its parts, and once', () => {
    const { state, round } = replica();
    const step = publishRound(state, coordinator.context, key, sumsOf(round));
    expect(step).toEqual([events[opening]]);
    for (const event of step) evolveCoordinator(state, event);
    expect(publishRound(state, coordinator.context, key, sumsOf(round))).toEqual([]);
  });

  it('leaves memory when it is released, and ledgers as they are', () => {
    const { state } = replica();
    const ledgers = new Map(state.ledgers);
    evolveCoordinator(state, { type: 'round-released', key });
    evolveCoordinator(state, { type: 'round-released', key: roundKey('ab'.repeat(16), 9) });
    expect(state.rounds.size).toBe(0);
    expect(state.ledgers).toEqual(ledgers);
    expect([...state.latestRound.values()]).toEqual([1]);
  });
});
