/** Statements of which policy and roster are current: what parties believe of them, and how they stop and go on. */
import { generateIdentityKey } from '@secagg/crypto';
import { freshnessMessage, type FreshnessProof } from '@secagg/schema';
import {
  announceRound,
  checkFresh,
  createAuthority,
  evolveFleet,
  type FleetDocuments,
  freshnessOf,
  lendFreshnessKey,
  type LocalFleet,
  type RouterState,
  signDocument,
  signFreshness,
  signFreshnessWithKey,
  signRoster,
  startEpoch,
  takeFreshness,
  takeSeat,
} from '../src';
import { evolveRouter } from '../src/router/evolve';
import { codeOf, now, plan, quietFleet, random, Scenario } from './support/scenario';

const HOUR_MS = 3_600_000;
const terms = { max_age_ms: 24 * HOUR_MS, grace_ms: HOUR_MS };
const freshFleet = (): LocalFleet => quietFleet(4, 2, 5, { policy: { freshness: terms } });
const lasting = (issuedAtMs: number, hours = 24) => ({ issuedAtMs, notAfterMs: issuedAtMs + hours * HOUR_MS });

/** The next version of the roster, in which these serials are revoked. */
function rosterAfter(fleet: LocalFleet, revokedSerials: number[] = []): FleetDocuments {
  const { policy } = fleet.view.documents;
  const { roster } = fleet.view;
  return {
    policy,
    roster: signRoster(fleet.authority, {
      version: roster.version + 1,
      issuedAtMs: now,
      notAfterMs: roster.not_after_ms,
      certificates: roster.certificates,
      revokedSerials,
    }),
  };
}

function lend(fleet: LocalFleet, request: Partial<Parameters<typeof lendFreshnessKey>[1]> = {}) {
  const { publicKey, secretKey } = generateIdentityKey(random);
  const key = lendFreshnessKey(fleet.authority, {
    serial: 1000,
    publicKey,
    notBeforeMs: now,
    notAfterMs: now + 90 * 24 * HOUR_MS,
    maxLifetimeMs: 24 * HOUR_MS,
    ...request,
  });
  return { key, secretKey };
}

describe('a statement', () => {
  const fleet = freshFleet();
  const router = () => ({ ...fleet.routers[0].state });
  const take = (state: RouterState, proof: FreshnessProof, nowMs = now) => {
    for (const event of takeFreshness(state, proof, nowMs)) evolveRouter(state, event);
    return state;
  };
  const sign = (issuedAtMs: number, documents = fleet.view.documents) =>
    signFreshness(fleet.authority, documents, lasting(issuedAtMs));

  it('counts for its time, then for the grace, and no longer; a newer one makes it good again', () => {
    const state = take(router(), sign(now + 1000), now + 1000);
    const stateAt = (hours: number) => freshnessOf(state, now + 1000 + hours * HOUR_MS).state;
    expect([0, 24, 24.5, 25, 25.1].map(stateAt)).toEqual(['fresh', 'fresh', 'grace', 'grace', 'stale']);
    expect(codeOf(() => checkFresh(state, now + 25 * HOUR_MS))).toBeUndefined();
    expect(codeOf(() => checkFresh(state, now + 26 * HOUR_MS))).toBe('stale_documents');
    take(state, sign(now + 26 * HOUR_MS), now + 26 * HOUR_MS);
    expect(codeOf(() => checkFresh(state, now + 26 * HOUR_MS))).toBeUndefined();
  });

  it('ends by its own end, where that is sooner than the age that the policy allows', () => {
    const state = take(router(), signFreshness(fleet.authority, fleet.view.documents, lasting(now + 1, 2)), now + 1);
    expect(freshnessOf(state, now + 2.5 * HOUR_MS).state).toBe('grace');
  });

  it('is refused when it is older than the known one, from the future, over, or another of the same time; nothing changes then', () => {
    const state = take(router(), sign(now + HOUR_MS), now + HOUR_MS);
    const known = state.freshness;
    const refusal = (proof: FreshnessProof, nowMs = now + HOUR_MS) => codeOf(() => take(state, proof, nowMs));
    expect(refusal(sign(now))).toBe('policy');
    expect(refusal(sign(now + 2 * HOUR_MS))).toBe('policy');
    expect(refusal(signFreshness(fleet.authority, fleet.view.documents, lasting(now + HOUR_MS, 1)))).toBe('policy');
    expect(refusal(sign(now + 2 * HOUR_MS), now + 50 * HOUR_MS)).toBe('expired');
    expect(refusal(sign(now + HOUR_MS))).toBeUndefined();
    expect(state.freshness).toBe(known);
  });

  it('is believed under the authority alone, or a key that it has lent, and only for this fleet', () => {
    const refusal = (proof: FreshnessProof) => codeOf(() => take(router(), proof, now + 1));
    const stranger = createAuthority('local', random);
    expect(refusal(signFreshness(stranger, fleet.view.documents, lasting(now + 1)))).toBe('bad_signature');
    const elsewhere = { ...fleet.authority, fleet: 'elsewhere' };
    expect(refusal(signFreshness(elsewhere, fleet.view.documents, lasting(now + 1)))).toBe('bad_signature');
    const lent = lend(fleet);
    const { statement } = signFreshness(
      { ...fleet.authority, secretKey: lent.secretKey },
      fleet.view.documents,
      lasting(now + 1),
    );
    expect(refusal({ statement })).toBe('bad_signature');
    expect(refusal({ key: lend({ ...fleet, authority: stranger } as LocalFleet).key, statement })).toBe(
      'bad_signature',
    );
    expect(refusal({ key: lend(fleet).key, statement })).toBe('bad_signature');
    expect(refusal({ key: lent.key, statement })).toBeUndefined();
  });

  it('of a lent key keeps to what the authority lent', () => {
    const { authority, view } = fleet;
    const sign = (lent: ReturnType<typeof lend>, issuedAtMs: number, hours = 24) =>
      codeOf(() =>
        signFreshnessWithKey(authority.publicKey, view.fleet, lent, view.documents, lasting(issuedAtMs, hours)),
      );
    expect(sign(lend(fleet), now)).toBeUndefined();
    expect(sign(lend(fleet), now - 1)).toBe('policy');
    expect(sign(lend(fleet), now, 25)).toBe('policy');
    expect(sign(lend(fleet, { notAfterMs: now + HOUR_MS }), now, 2)).toBe('policy');
  });

  it('that names newer documents than are known stops a party at once; one that names older ones than before is refused', () => {
    const newer = rosterAfter(fleet);
    const state = take(router(), sign(now + 1, newer), now + 1);
    expect(freshnessOf(state, now + 1).state).toBe('outdated');
    expect(codeOf(() => checkFresh(state, now + 1))).toBe('stale_documents');
    expect(codeOf(() => take(state, sign(now + 2), now + 2))).toBe('policy');
    state.view = evolveFleet(state.view, { type: 'fleet-updated', documents: newer });
    expect(freshnessOf(state, now + 1).state).toBe('fresh');
  });

  it('that names another document of a known version is refused', () => {
    const other = rosterAfter(fleet, [3]);
    const state = router();
    state.view = evolveFleet(state.view, { type: 'fleet-updated', documents: rosterAfter(fleet) });
    expect(codeOf(() => take(state, sign(now + 1, other), now + 1))).toBe('policy');
  });

  it('of a key that was revoked since counts for nothing, whatever it names', () => {
    const lent = lend(fleet);
    const stolen = (nowMs: number): FreshnessProof => {
      const body = freshnessMessage.decode(sign(nowMs).statement.body);
      const documents = body.documents.map((entry) => ({ ...entry, version: Number.MAX_SAFE_INTEGER }));
      return {
        key: lent.key,
        statement: signDocument(freshnessMessage, 'local', { ...body, documents }, lent.secretKey),
      };
    };
    const state = take(router(), stolen(now + 1), now + 1);
    expect(freshnessOf(state, now + 1).state).toBe('outdated');
    const revoking = rosterAfter(fleet, [1000]);
    state.view = evolveFleet(state.view, { type: 'fleet-updated', documents: revoking });
    expect(freshnessOf(state, now + 1).state).toBe('missing');
    expect(codeOf(() => take(state, stolen(now + 2), now + 2))).toBe('revoked');
    take(state, sign(now + 3, revoking), now + 3);
    expect(freshnessOf(state, now + 3).state).toBe('fresh');
  });

  it('may name documents that this release does not know', () => {
    const body = freshnessMessage.decode(sign(now + 1).statement.body);
    const documents = [{ name: 'catalogue', version: 7, hash: random(32) }, ...body.documents];
    const statement = signDocument(freshnessMessage, 'local', { ...body, documents }, fleet.authority.secretKey);
    expect(freshnessOf(take(router(), { statement }, now + 1), now + 1).state).toBe('fresh');
  });
});

describe('with a policy that asks for it', () => {
  const staleMs = now + 26 * HOUR_MS;

  it('a coordinator announces nothing and starts no epoch without one that is fresh', () => {
    const fleet = freshFleet();
    fleet.startEpoch(now);
    const { coordinator, cluster } = fleet;
    const announce = (nowMs: number) =>
      announceRound(coordinator.state, coordinator.context, { ...plan, cluster }, nowMs);
    expect(codeOf(() => announce(now))).toBeUndefined();
    expect(codeOf(() => announce(staleMs))).toBe('stale_documents');
    expect(codeOf(() => startEpoch(coordinator.state, HOUR_MS, staleMs))).toBe('stale_documents');
    fleet.renewFreshness(staleMs);
    expect(codeOf(() => announce(staleMs))).toBeUndefined();
  });

  it('a router answers no round, though everything else about it is in order', () => {
    const fleet = freshFleet();
    fleet.startEpoch(now);
    // The coordinator has a statement that it shows to nobody.
    const [router] = fleet.routers;
    const stale = router.state.freshness;
    fleet.renewFreshness(staleMs);
    router.state.freshness = stale;
    const scenario = new Scenario(fleet, {}, staleMs);
    expect(codeOf(() => router.check(fleet.coordinator.open(scenario.key), staleMs))).toBe('stale_documents');
    delete router.state.freshness;
    expect(codeOf(() => router.check(fleet.coordinator.open(scenario.key), staleMs))).toBe('stale_documents');
  });

  it('a member takes no seat, signs no epoch and reports on no round, but finishes what it has reported on and aborts', () => {
    const fleet = freshFleet();
    fleet.startEpoch(now);
    const [member] = fleet.members;
    const [frozen, ...others] = fleet.members;
    const scenario = new Scenario(fleet).contribute();
    fleet.coordinator.tick(scenario.closeMs);
    const seat = {
      kind: 'seat',
      epoch: 9,
      policy_version: 1,
      roster_version: 1,
      threshold: 2,
      sealing_suite: 'hpke-x25519-sha256-aes256gcm',
      not_after_ms: staleMs + HOUR_MS,
    } as never;
    expect(codeOf(() => takeSeat(member.state, member, seat, random, staleMs))).toBe('stale_documents');
    expect(codeOf(() => frozen.work(fleet.coordinator, staleMs))).toBe('stale_documents');
    for (const other of others) other.work(fleet.coordinator, scenario.closeMs);
    // It reports in time, and votes and answers when its statement is too old.
    frozen.work(fleet.coordinator, scenario.closeMs);
    fleet.coordinator.tick(scenario.closeMs);
    frozen.work(fleet.coordinator, staleMs);
    expect(scenario.round.votes.size).toBe(1);

    const open = new Scenario(fleet, {}, now + HOUR_MS);
    fleet.coordinator.tick(open.closeMs);
    for (const each of fleet.members) each.work(fleet.coordinator, staleMs);
    expect(open.round.phase).toBe('aborted');
  });
});

it('without such a policy nobody needs one, and it is told that frozen documents go unnoticed', () => {
  const fleet = quietFleet(4, 2, 5);
  expect(freshnessOf(fleet.routers[0].state, now)).toEqual({ state: 'not_required' });
  const scenario = new Scenario(fleet).contribute().finish();
  expect(scenario.round.phase).toBe('published');
});
