/**
 * A coordinator that comes back from a backup: it signs for no number that it may have used, and drops what it would
 * have to sign for again.
 */
import { openRoundMessage, roundConfigMessage, type RoundNumber, type Signed } from '@secagg/schema';
import {
  announceRound,
  type CoordinatorEvent,
  evidenceOfSecondAnnouncement,
  learnOfAnnouncement,
  LocalCoordinator,
  type LocalFleet,
  resumeFromBackup,
  signDocument,
  type RestoredFrom,
  startEpoch,
} from '../src';
import { countAnnounced, nextRoundNumber } from '../src/coordinator/numbering';
import { codeOf, now, plan, quietFleet, Scenario } from './support/scenario';

const HOUR_MS = 3_600_000;

/** A fleet whose coordinator has a journal, and can be rebuilt from any part of it. */
function journaled(fleet: LocalFleet) {
  const journal: CoordinatorEvent[] = [];
  const follow = (coordinator: LocalCoordinator) => {
    coordinator.onEvent = (event) => journal.push(event);
    return coordinator;
  };
  follow(fleet.coordinator);
  /** Another process with the same key, whose state is that of the first events. */
  const rebuilt = (events: readonly CoordinatorEvent[]): LocalCoordinator => {
    const { context } = fleet.coordinator;
    const coordinator = new LocalCoordinator(fleet.view, context.identity, context.timings);
    for (const event of events) coordinator.commit({ events: [event], reply: undefined });
    return coordinator;
  };
  const restored = (events: readonly CoordinatorEvent[], from: RestoredFrom, nowMs: number): LocalCoordinator => {
    const coordinator = rebuilt(events);
    coordinator.commit(resumeFromBackup(coordinator.state, from, nowMs));
    return coordinator;
  };
  return { journal, rebuilt, restored };
}

const announce = (coordinator: LocalCoordinator, fleet: LocalFleet, nowMs: number): number => {
  coordinator.commit(
    announceRound(coordinator.state, coordinator.context, { ...plan, cluster: fleet.cluster }, nowMs, true),
  );
  return coordinator.state.latestRound.get(fleet.cluster) as number;
};

/** With an epoch in the journal. */
function fleetWithEpoch() {
  const fleet = quietFleet(4, 2, 5);
  const kept = journaled(fleet);
  fleet.startEpoch(now);
  return { fleet, ...kept };
}

it('announces no number again, and no router can make evidence of what it announces', () => {
  const { fleet, journal, restored } = fleetWithEpoch();
  const backup = [...journal];
  const lost = new Scenario(fleet).contribute();
  const again = restored(backup, { madeAtMs: now }, now + 1000);
  const number = announce(again, fleet, now + 2000);
  expect(number).toBeGreaterThan(lost.config.round + 4096);
  const [router] = fleet.routers;
  const open = again.open(`${fleet.cluster}/${number}`);
  expect(evidenceOfSecondAnnouncement(router.state, openRoundMessage.decode(open))).toBeUndefined();
  // And parties follow it there.
  const bytes = router.build(router.check(open, now + 2000), new Float64Array(lost.dimension), now + 2000);
  router.keepReceipt(`${fleet.cluster}/${number}`, again.contribute(`${fleet.cluster}/${number}`, bytes));
});

it('stays above the lost ones at the highest rate there is, however often it comes back from the same backup', () => {
  const { fleet, journal, restored } = fleetWithEpoch();
  const backup = [...journal];
  const used = new Set<number>();
  const lives: LocalCoordinator[] = [fleet.coordinator];
  let atMs = now;
  for (let life = 0; life < 3; life++) {
    // As many as it is let, for ten minutes. Only the numbers matter, and there are thousands.
    const { state } = lives[life];
    for (const until = atMs + HOUR_MS / 6; atMs < until; atMs += 60_000) {
      for (let code: string | undefined; code === undefined; ) {
        code = codeOf(() => {
          const round = nextRoundNumber(state, fleet.cluster, atMs) as RoundNumber;
          expect(used.has(round)).toBe(false);
          used.add(round);
          countAnnounced(state, { cluster: fleet.cluster, round, round_time_ms: atMs });
          state.latestRound.set(fleet.cluster, round);
        });
        if (code !== undefined) expect(code).toBe('overloaded');
      }
    }
    lives.push(restored(backup, { madeAtMs: now }, atMs));
  }
  expect(used.size).toBeGreaterThan(3 * 500 + 4096);
});

it('also in clusters that the backup knows no round of', () => {
  const { fleet, journal, restored } = fleetWithEpoch();
  const again = restored([...journal], { madeAtMs: now }, now + HOUR_MS);
  expect(announce(again, fleet, now + HOUR_MS + 1000)).toBeGreaterThan(4096 + 3600);
});

it('asks members for seats in epochs above those that it may have set up', () => {
  const { fleet, journal, restored } = fleetWithEpoch();
  const backup = [...journal];
  for (let i = 0; i < 3; i++) fleet.startEpoch(now);
  const again = restored([...backup], { madeAtMs: now }, now + 1000);
  const { epoch } = again.commit(startEpoch(again.state, HOUR_MS, now + 1000));
  expect(epoch).toBeGreaterThan(fleet.coordinator.state.epoch?.body.epoch as number);
  for (const member of fleet.members) member.work(again, now + 1000);
  for (const member of fleet.members) member.work(again, now + 1000);
  expect(again.state.epoch?.body.epoch).toBe(epoch);
});

describe('rounds that were under way', () => {
  const lateMs = now + HOUR_MS;
  const runWith = (fleet: LocalFleet, coordinator: LocalCoordinator, scenario: Scenario) => {
    for (let second = 0; second < 70; second++) {
      coordinator.tick(lateMs + 1000 * second);
      for (const member of fleet.members) {
        // What the coordinator cannot take any more is refused by it.
        codeOf(() => member.work(coordinator, lateMs + 1000 * second));
      }
    }
    return coordinator.state.rounds.get(scenario.key);
  };

  it.each(['collecting', 'checking'] as const)(
    '%s are aborted for that reason: nothing more is signed for them, and routers take their data back',
    (phase) => {
      const fleet = quietFleet(4, 2, 5);
      const { journal, restored } = journaled(fleet);
      const scenario = new Scenario(fleet);
      const [late, ...others] = fleet.routers;
      scenario.contribute(others);
      if (phase === 'checking') fleet.coordinator.tick(scenario.closeMs);
      expect(scenario.round.phase).toBe(phase);
      const again = restored([...journal], { madeAtMs: now }, lateMs);
      expect(again.state.rounds.get(scenario.key)).toMatchObject({
        phase: 'aborting',
        abortReason: 'coordinator_restored',
      });
      expect(codeOf(() => again.contribute(scenario.key, scenario.build(late)))).toBe('stale_round');

      const round = runWith(fleet, again, scenario);
      expect(round?.phase).toBe('aborted');
      expect(round?.decision?.body).toMatchObject({ kind: 'abort', reason: 'coordinator_restored' });
      expect(round?.proposal).toBeUndefined();
      const [router] = others;
      expect(router.settle(again, scenario.key, lateMs)).toBeUndefined();
      expect(router.state.participations.get(scenario.key)?.outcome).toBe('aborted');
    },
  );

  it('end undecided, after the usual time, where the committee had decided for opening them', () => {
    const fleet = quietFleet(4, 2, 5);
    const { journal, restored } = journaled(fleet);
    const scenario = new Scenario(fleet).contribute();
    const backup = [...journal];
    scenario.finish();
    expect(scenario.round.phase).toBe('published');
    const again = restored(backup, { madeAtMs: now }, lateMs);
    expect(runWith(fleet, again, scenario)?.phase).toBe('undecided');
  });

  it.each([1, 3])('with a proposal, or a decision after %i votes, go on to their result: all is signed', (votes) => {
    const fleet = quietFleet(4, 2, 5);
    const { journal, restored } = journaled(fleet);
    const scenario = new Scenario(fleet).contribute();
    fleet.coordinator.tick(scenario.closeMs);
    for (const member of fleet.members) member.work(fleet.coordinator, scenario.closeMs);
    fleet.coordinator.tick(scenario.closeMs);
    for (const member of fleet.members.slice(0, votes)) member.work(fleet.coordinator, scenario.closeMs);
    expect(scenario.round.phase).toBe(votes === 3 ? 'answering' : 'voting');
    // Its own timeouts would be long over.
    const again = restored([...journal], { madeAtMs: now }, lateMs);
    const round = runWith(fleet, again, scenario);
    expect(round?.phase).toBe('published');
  });
});

describe('rolled back without a mark', () => {
  const remind = (coordinator: LocalCoordinator, announcement: Signed, nowMs: number) =>
    coordinator.commit(learnOfAnnouncement(coordinator.state, coordinator.context, announcement, nowMs));

  it('goes on above an announcement of its own that it is shown, and drops what was open', () => {
    const { fleet, journal, rebuilt } = fleetWithEpoch();
    const open = new Scenario(fleet);
    const copy = [...journal];
    fleet.coordinator.forget(open.key);
    const lost = new Scenario(fleet, {}, now + HOUR_MS);
    const { announcement } = lost.round.verified;
    const again = rebuilt(copy);
    remind(again, announcement, now + 2 * HOUR_MS);
    expect(again.state.rounds.get(open.key)).toMatchObject({ phase: 'aborting', abortReason: 'coordinator_restored' });
    const number = announce(again, fleet, now + 2 * HOUR_MS + 1000);
    expect(number).toBeGreaterThan(lost.config.round + 3600);
    // As often as it is shown, and what it knows: nothing more follows.
    const { steps } = again;
    remind(again, announcement, now + 2 * HOUR_MS);
    expect(again.steps).toBe(steps);
  });

  it('also one with an empty state, however old its documents are', () => {
    const { fleet, journal, rebuilt } = fleetWithEpoch();
    const later = now + 40 * 24 * HOUR_MS;
    fleet.startEpoch(later);
    const lost = new Scenario(fleet, {}, later);
    const empty = rebuilt([]);
    remind(empty, lost.round.verified.announcement, later + 1000);
    expect(empty.state.numbering.skippedTo.get(fleet.cluster)).toBeGreaterThan(lost.config.round + 4096);
    expect(empty.state.numbering.epochsSkippedTo).toBeGreaterThan(lost.config.epoch);
    expect(journal.length).toBeGreaterThan(0);
  });

  it('believes nothing but its own signature', () => {
    const { fleet, rebuilt } = fleetWithEpoch();
    const { announcement } = new Scenario(fleet).round.verified;
    const empty = rebuilt([]);
    const config = roundConfigMessage.decode(announcement.body);
    const stranger = fleet.routers[0].identity;
    for (const forged of [
      { ...announcement, signature: new Uint8Array(64) },
      signDocument(roundConfigMessage, config.fleet, { ...config, round: 7 as never }, stranger.secretKey),
      signDocument(
        roundConfigMessage,
        config.fleet,
        { ...config, coordinator: stranger.id },
        fleet.coordinator.context.identity.secretKey,
      ),
    ])
      expect(codeOf(() => remind(empty, forged, now))).toBe('bad_signature');
    expect(empty.steps).toBe(0);
  });

  it('is no matter for a coordinator that knows the round, or has left it behind', () => {
    const { fleet } = fleetWithEpoch();
    const { coordinator } = fleet;
    const scenario = new Scenario(fleet);
    const { announcement } = scenario.round.verified;
    const { steps } = coordinator;
    remind(coordinator, announcement, now);
    coordinator.forget(scenario.key);
    remind(coordinator, announcement, now);
    expect(coordinator.steps).toBe(steps);
  });
});

describe('when it cannot know which numbers were used', () => {
  const resume = (from: RestoredFrom, nowMs: number) => {
    const { state } = fleetWithEpoch().fleet.coordinator;
    return () => resumeFromBackup(state, from, nowMs);
  };

  it('does not go on, with a clock behind the backup or a backup older than parties follow', () => {
    expect(codeOf(resume({ madeAtMs: now }, now - 1))).toBe('unavailable');
    expect(codeOf(resume({ madeAtMs: now }, now + 13 * 24 * HOUR_MS))).toBe('unavailable');
    // When the backup was made is not known: what it holds is no newer than it.
    expect(codeOf(resume({}, now + 13 * 24 * HOUR_MS))).toBe('unavailable');
  });

  it('goes by what its operator states', () => {
    const { journal, restored } = fleetWithEpoch();
    const later = now + 400 * 24 * HOUR_MS;
    const again = restored([...journal], { assumedNumbers: 500 }, later);
    expect(again.state.numbering).toMatchObject({ skipped: 500, epochsSkippedTo: 501 });
  });
});

it('comes to the same numbers when its journal is replayed on top of what is kept of released rounds', () => {
  const { fleet, journal, rebuilt, restored } = fleetWithEpoch();
  announce(fleet.coordinator, fleet, now);
  const again = restored([...journal], { madeAtMs: now }, now + 1000);
  const entries: CoordinatorEvent[] = [...journal];
  entries.push(...resumeFromBackup(rebuilt(entries).state, { madeAtMs: now }, now + 1000).events);
  const number = announce(again, fleet, now + 5000);
  // A snapshot knows the newest number; the entries that led to it are gone, and those before it are not.
  const fromSnapshot = rebuilt([]);
  fromSnapshot.state.latestRound.set(fleet.cluster, number);
  for (const event of entries) fromSnapshot.commit({ events: [event], reply: undefined });
  expect(announce(fromSnapshot, fleet, now + 6000)).toBe(number + 1);
});

it('a clock that was set back does not stop rounds', () => {
  const { fleet } = fleetWithEpoch();
  const first = announce(fleet.coordinator, fleet, now + 24 * HOUR_MS);
  expect([0, 1, 2].map((second) => announce(fleet.coordinator, fleet, now + 1000 * second) - first)).toEqual([1, 2, 3]);
});
