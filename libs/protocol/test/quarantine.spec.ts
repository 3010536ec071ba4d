/**
 * A router in quarantine: what the coordinator refuses, and what the router makes of it (docs/protocol.md, "The
 * signal").
 */
import { ledgerBalance } from '@secagg/dp-noise';
import { quarantineMessage, SecaggError, type Signed, signedMessage } from '@secagg/schema';
import { LocalFleet, type LocalRouter, quarantinedUntil, receiveQuarantine, signDocument } from '../src';
import { distribute, nextDocuments } from './support/rosters';
import { codeOf, now, random, Scenario } from './support/scenario';

const noise = {
  privacy: { unit: 'request', rho: 0.5, deltaInverse: 1_000_000 },
  minParticipantsPerGroup: 2,
} as const;

function start(quarantine_rounds?: number) {
  const fleet = new LocalFleet({
    routers: 4,
    committee: { size: 4, threshold: 2 },
    random,
    nowMs: now,
    ...(quarantine_rounds === undefined ? {} : { cluster: { quarantine_rounds } }),
  });
  const until = new Map<string, number>();
  Object.assign(fleet.coordinator.context, {
    quarantinedUntil: (_cluster: string, router: string) => until.get(router),
  });
  return { fleet, until, liar: fleet.routers[0] };
}

const spent = ({ state, limits }: LocalRouter): number => ledgerBalance(state.ledger, limits.budget, now).spentUnits;

/** What the coordinator answers to the contribution. */
function refusalOf(scenario: Scenario, router: LocalRouter): SecaggError {
  try {
    router.send(scenario.fleet.coordinator, scenario.key, scenario.build(router));
  } catch (error) {
    if (error instanceof SecaggError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

/** As the coordinator signs it, but for these changes. */
function noticeOf(scenario: Scenario, router: LocalRouter, untilRound: number, change: object = {}): string {
  const { fleet, config, round } = scenario;
  const { identity } = fleet.coordinator.context;
  const notice = {
    v: 1 as const,
    fleet: config.fleet,
    cluster: config.cluster,
    round: config.round,
    config_hash: round.verified.configHash,
    router: router.identity.id,
    coordinator: identity.id,
    until_round: untilRound as never,
    ...change,
  };
  return base64(signDocument(quarantineMessage, config.fleet, notice, identity.secretKey));
}
const base64 = (signed: Signed): string => Buffer.from(signedMessage.encode(signed)).toString('base64');
const signedOf = (notice: string): Signed => signedMessage.decode(new Uint8Array(Buffer.from(notice, 'base64')));

const told = (router: LocalRouter, scenario: Scenario, notice: unknown): void =>
  router.commit(receiveQuarantine(router.state, router, scenario.key, notice));
const includedIn = (scenario: Scenario): string[] =>
  scenario.audit().set.groups.flatMap(({ members }) => members.map(({ header }) => header.router));
const joins = (router: LocalRouter, scenario: Scenario): string | undefined =>
  codeOf(() => router.check(scenario.fleet.coordinator.open(scenario.key), now));

it('the coordinator refuses it until the stated round, with that round, and goes on without it', () => {
  const { fleet, until, liar } = start(2);
  until.set(liar.identity.id, 2);
  const scenario = new Scenario(fleet, noise);
  const { code, details } = refusalOf(scenario, liar);
  expect({ code, details }).toEqual({
    code: 'quarantined',
    details: {
      party: liar.identity.id,
      round: 1,
      untilRound: 2,
      check: 'standing.quarantine',
      notice: noticeOf(scenario, liar, 2),
    },
  });
  const { round } = scenario.contribute(fleet.routers.slice(1)).finish();
  expect(round.phase).toBe('published');
  expect([...round.accepted.keys()]).toEqual(fleet.routers.slice(1).map(({ identity }) => identity.id));
  new Scenario(fleet, noise);
  const after = new Scenario(fleet, noise);
  expect(after.config.round).toBe(3);
  expect(after.contribute().finish().round.accepted.size).toBe(4);
});

it('what was accepted before it began keeps its receipt', () => {
  const { fleet, until, liar } = start(2);
  const scenario = new Scenario(fleet, noise);
  const bytes = scenario.build(liar);
  const receipt = fleet.coordinator.contribute(scenario.key, bytes);
  until.set(liar.identity.id, 5);
  expect(fleet.coordinator.contribute(scenario.key, bytes)).toEqual(receipt);
  expect(includedIn(scenario.contribute(fleet.routers.slice(1)).finish())).toEqual(
    fleet.routers.map(({ identity }) => identity.id),
  );
});

it('is charged for the refused round until its outcome is known, and for none that it sits out', () => {
  const { fleet, until, liar } = start(3);
  until.set(liar.identity.id, 3);
  const refused = new Scenario(fleet, noise);
  told(liar, refused, refusalOf(refused, liar).details.notice);
  // A cheating coordinator may have kept the contribution, so the refusal alone gives nothing back.
  expect(spent(liar)).toBeGreaterThan(0);
  refused.contribute(fleet.routers.slice(1)).finish();
  expect(liar.settle(fleet.coordinator, refused.key, now)?.outcome).toBe('left_out');
  expect(spent(liar)).toBe(0);
  for (const round of [2, 3]) {
    expect(quarantinedUntil(liar.state, fleet.cluster)).toBe(3);
    const scenario = new Scenario(fleet, noise);
    expect(scenario.config.round).toBe(round);
    expect(joins(liar, scenario)).toBe('quarantined');
    expect(codeOf(() => scenario.build(liar))).toBe('quarantined');
    expect(spent(liar)).toBe(0);
    scenario.contribute(fleet.routers.slice(1)).finish();
  }
  const back = new Scenario(fleet, noise).contribute().finish();
  expect(includedIn(back)).toContain(liar.identity.id);
  expect(liar.settle(fleet.coordinator, back.key, now)?.outcome).toBe('included');
  expect(quarantinedUntil(liar.state, fleet.cluster)).toBeUndefined();
});

it('stays away no longer than its policy has it, whatever it is told', () => {
  const { fleet, liar } = start(3);
  const first = new Scenario(fleet, noise);
  first.build(liar);
  told(liar, first, noticeOf(first, liar, Number.MAX_SAFE_INTEGER));
  expect(quarantinedUntil(liar.state, fleet.cluster)).toBe(3);
  expect([2, 3, 4].map(() => joins(liar, new Scenario(fleet, noise)))).toEqual([
    'quarantined',
    'quarantined',
    undefined,
  ]);
});

it('believes no word of it that the coordinator has not signed for this router and round', () => {
  const { fleet, liar } = start(3);
  const first = new Scenario(fleet, noise);
  first.build(liar);
  const notice = noticeOf(first, liar, 3);
  const { body, signature } = signedOf(notice);
  const forged = [
    undefined,
    3,
    '',
    'nonsense',
    notice.repeat(10),
    base64({ body, signature: new Uint8Array(64) }),
    base64({ body: signedOf(noticeOf(first, liar, 4)).body, signature }),
    noticeOf(first, fleet.routers[1], 3),
    noticeOf(first, liar, 3, { round: 2 }),
    noticeOf(first, liar, 3, { config_hash: new Uint8Array(32) }),
    noticeOf(first, liar, 3, { coordinator: liar.identity.id }),
    // Of a round that is over, and so of none.
    noticeOf(new Scenario(fleet, noise), liar, 1),
  ];
  for (const each of forged) told(liar, first, each);
  expect(liar.state.quarantines.size).toBe(0);
  told(liar, first, notice);
  expect(quarantinedUntil(liar.state, fleet.cluster)).toBe(3);
});

it('takes no notice without a quarantine in the policy, and none any more once the policy gives it up', () => {
  const without = start();
  const scenario = new Scenario(without.fleet, noise);
  scenario.build(without.liar);
  told(without.liar, scenario, noticeOf(scenario, without.liar, 3));
  expect(quarantinedUntil(without.liar.state, without.fleet.cluster)).toBeUndefined();
  expect(joins(without.liar, new Scenario(without.fleet, noise))).toBeUndefined();

  const { fleet, liar } = start(3);
  const first = new Scenario(fleet, noise);
  first.build(liar);
  told(liar, first, noticeOf(first, liar, 3));
  expect(joins(liar, new Scenario(fleet, noise))).toBe('quarantined');
  distribute(
    fleet,
    nextDocuments(fleet, {
      policy: ({ clusters }) => ({ clusters: clusters.map(({ quarantine_rounds: _given_up, ...cluster }) => cluster) }),
    }),
  );
  fleet.startEpoch(now);
  expect(joins(liar, new Scenario(fleet, noise))).toBeUndefined();
});
