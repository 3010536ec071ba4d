/**
 * What proves that a receipt was not honoured, and every case in which a coordinator is innocent and nothing may prove
 * it.
 */
import {
  headerMessage,
  type PartyId,
  type Receipt,
  receiptEvidenceMessage,
  receiptMessage,
  type ReceiptEvidence,
  type Signed,
  type Standing,
  type Transcript,
} from '@secagg/schema';
import {
  decisionProofOf,
  inclusionProof,
  listOfTranscript,
  type LocalRouter,
  receiptEvidence,
  receiveContribution,
  signDocument,
  verifyReceiptEvidence,
} from '../src';
import { DecidedLists, even } from './support/decided-lists';
import { Liar } from './support/liars';
import { codeOf, drawGroups, quietFleet, random, Scenario } from './support/scenario';
import { flip, forge } from './support/tamper';

const receiptOf = (scenario: Scenario, router: LocalRouter): Signed =>
  scenario.fleet.coordinator.contribute(scenario.key, scenario.build(router));
/** A receipt for what the coordinator then forgets. */
const emptyPromise = ({ fleet: { coordinator }, key }: Scenario, bytes: Uint8Array): Signed =>
  receiveContribution(coordinator.state, coordinator.context, key, bytes).reply;
const standing = (transcript: Transcript, id: PartyId): Standing =>
  inclusionProof(listOfTranscript(transcript), id).standing;
const evidenceOf = ({ transcript }: Scenario, id: PartyId, receipt: Signed, shown = standing(transcript, id)) =>
  receiptEvidence(transcript, receipt, shown);
const verify = ({ fleet }: Scenario, bytes: Uint8Array) => verifyReceiptEvidence(fleet.authority.publicKey, bytes);
const codeFor = (scenario: Scenario, bytes: Uint8Array) => codeOf(() => verify(scenario, bytes));

/** The coordinator has acknowledged the contribution of one router and shows the committee a list without it. */
function dropping(at: number) {
  const scenario = new Scenario(quietFleet(4, 2, 5));
  const { routers } = scenario.fleet;
  const victim = routers[at];
  const receipt = emptyPromise(scenario, scenario.build(victim));
  const rest = routers.filter((router) => router !== victim);
  scenario.contribute(rest).finish();
  return { scenario, victim, receipt, rest };
}

describe('a contribution dropped after its receipt', () => {
  it.each([
    ['first', 0],
    ['middle', 2],
    ['last', 4],
  ])('is proved to anybody: the %s of the list', (_where, at) => {
    const { scenario, victim, receipt } = dropping(at);
    expect(verify(scenario, evidenceOf(scenario, victim.identity.id, receipt))).toMatchObject({
      how: 'absent',
      router: victim.identity.id,
      coordinator: 'coordinator',
      fleet: 'local',
      cluster: scenario.fleet.cluster,
      round: 1,
    });
  });

  it('is proved where another contribution of the router is in its place, in the set or left out of it', () => {
    for (const spoiled of [false, true]) {
      const scenario = new Scenario(quietFleet(4, 2, 5));
      const [victim, ...rest] = scenario.fleet.routers;
      const built = scenario.build(victim);
      const receipt = emptyPromise(scenario, built);
      const other = forge(built, victim.identity.secretKey, ({ header, boxes }) => ({
        header: { ...header, timestamp_ms: header.timestamp_ms + 1 },
        boxes: spoiled ? boxes.map((box) => ({ ...box, ciphertext: random(64) })) : boxes,
      }));
      scenario.fleet.coordinator.contribute(scenario.key, other);
      scenario.contribute(rest).finish();
      const shown = standing(scenario.transcript, victim.identity.id);
      expect(shown.kind).toBe(spoiled ? 'left-out' : 'included');
      expect(verify(scenario, evidenceOf(scenario, victim.identity.id, receipt, shown)).how).toBe('replaced');
    }
  });

  it('is proved by nothing that was altered', () => {
    const { scenario, victim, receipt } = dropping(2);
    const bytes = evidenceOf(scenario, victim.identity.id, receipt);
    for (let i = 0; i < 300; i++) {
      const at = Math.floor((bytes.length * (i + Math.random())) / 300);
      const altered = bytes.slice();
      altered[at] ^= 1 << i % 8;
      expect([at, codeFor(scenario, altered)]).toEqual([at, expect.any(String)]);
    }
    const evidence = receiptEvidenceMessage.decode(bytes);
    const changed = (change: Partial<ReceiptEvidence>) =>
      codeFor(scenario, receiptEvidenceMessage.encode({ ...evidence, ...change }));
    expect(changed({ receipt: { ...receipt, signature: flip(receipt.signature) } })).toBe('bad_signature');
    expect(changed({ decision: { ...evidence.decision, votes: evidence.decision.votes.slice(0, 2) } })).toBe(
      'no_decision',
    );
    expect(codeOf(() => verifyReceiptEvidence(quietFleet(1, 1, 1).authority.publicKey, bytes))).toBe('bad_signature');
  });
});

describe('a coordinator is innocent, and there is no evidence against it,', () => {
  const scenario = new Scenario(quietFleet(4, 2, 5));
  const [first, ...others] = scenario.fleet.routers;
  const receipts = scenario.fleet.routers.map((router) => receiptOf(scenario, router));
  scenario.finish();
  const { id } = first.identity;

  it('when the contribution is in the set', () => {
    expect(codeFor(scenario, evidenceOf(scenario, id, receipts[0]))).toBe('bad_proof');
    // Whatever place of another, or of nobody, is shown instead.
    for (const { identity } of others)
      expect(codeFor(scenario, evidenceOf(scenario, id, receipts[0], standing(scenario.transcript, identity.id)))).toBe(
        'bad_proof',
      );
    for (const name of ['a', 'router-00', 'router-11', 'z'])
      expect(
        codeFor(scenario, evidenceOf(scenario, id, receipts[0], standing(scenario.transcript, name as PartyId))),
      ).toBe('bad_proof');
  });

  it('when too few members could use the contribution', () => {
    const spoiled = new Scenario(quietFleet(4, 2, 5));
    const [bad, ...rest] = spoiled.fleet.routers;
    const receipt = spoiled.fleet.coordinator.contribute(
      spoiled.key,
      forge(spoiled.build(bad), bad.identity.secretKey, ({ boxes }) => ({
        boxes: boxes.map((box) => ({ ...box, ciphertext: random(64) })),
      })),
    );
    spoiled.contribute(rest).finish();
    expect(standing(spoiled.transcript, bad.identity.id).kind).toBe('left-out');
    expect(codeFor(spoiled, evidenceOf(spoiled, bad.identity.id, receipt))).toBe('bad_proof');
  });

  it('when members deny what they could have used: their signed reports say who', () => {
    const denied = new Scenario(quietFleet(4, 2, 5));
    const { fleet } = denied;
    const receipt = receiptOf(denied, fleet.routers[0]);
    denied.contribute(fleet.routers.slice(1));
    const lie = (member: (typeof fleet.members)[number]) =>
      new Liar(member, (target, self) => ({
        takeReport: (key, signed) =>
          target.takeReport(
            key,
            self.report(signed, ({ usable }) => ({ usable: usable.map((byte) => byte & 0xfe) })),
          ),
      }));
    denied.finish([...fleet.members.slice(0, 2).map(lie), ...fleet.members.slice(2)]);
    expect(standing(denied.transcript, fleet.routers[0].identity.id).kind).toBe('left-out');
    expect(codeFor(denied, evidenceOf(denied, fleet.routers[0].identity.id, receipt))).toBe('bad_proof');
  });

  it('when the group of the contribution stayed too small', () => {
    const fleet = quietFleet(4, 2, 7);
    const lonely = drawGroups(
      () => new Scenario(fleet, { groups: 3, minParticipantsPerGroup: 2 }),
      (groups) =>
        groups.filter(({ length }) => length === 1).length === 1 &&
        groups.filter(({ length }) => length > 1).length === 2,
    );
    const signed = fleet.routers.map((router) => receiptOf(lonely, router));
    lonely.finish();
    const [{ router }] = lonely.audit().set.excluded;
    const at = fleet.routers.findIndex(({ identity }) => identity.id === router);
    expect(standing(lonely.transcript, router).kind).toBe('left-out');
    expect(codeFor(lonely, evidenceOf(lonely, router, signed[at]))).toBe('bad_proof');
  });

  it('when the round was aborted', () => {
    const aborted = new Scenario(scenario.fleet);
    const receipt = receiptOf(aborted, first);
    aborted.finish();
    expect(aborted.round.phase).toBe('aborted');
    expect(
      codeFor(aborted, receiptEvidence(aborted.transcript, receipt, standing(scenario.transcript, 'a' as PartyId))),
    ).toBe('no_decision');
  });

  it('when the receipt is of another round, another configuration or another coordinator, or the router gave it to itself', () => {
    const absent = new Scenario(scenario.fleet);
    const [victim, ...rest] = scenario.fleet.routers;
    absent.contribute(rest).finish();
    const shown = standing(absent.transcript, victim.identity.id);
    expect(codeFor(absent, receiptEvidence(absent.transcript, receipts[0], shown))).toBe('wrong_config');
    const { identity } = scenario.fleet.coordinator.context;
    const { config, configHash } = absent.round.verified;
    const body: Receipt = {
      v: 1,
      fleet: 'local',
      cluster: config.cluster,
      round: config.round,
      config_hash: configHash,
      router: victim.identity.id,
      coordinator: identity.id,
      header_hash: new Uint8Array(32),
    };
    const signed = (change: Partial<Receipt>, key = identity.secretKey) =>
      receiptEvidence(absent.transcript, signDocument(receiptMessage, 'local', { ...body, ...change }, key), shown);
    expect(verify(absent, signed({})).how).toBe('absent');
    expect(codeFor(absent, signed({ config_hash: new Uint8Array(32) }))).toBe('wrong_config');
    expect(codeFor(absent, signed({ coordinator: 'other' as PartyId }))).toBe('wrong_config');
    expect(codeFor(absent, signed({ cluster: 'ab'.repeat(16) as never }))).toBe('wrong_config');
    expect(codeFor(absent, signed({}, victim.identity.secretKey))).toBe('bad_signature');
    // A router that never had a receipt shows the one of a contribution that is there.
    expect(codeFor(absent, signed({ router: rest[0].identity.id }))).toBe('bad_proof');
  });

  it('when a contribution is shown in the place of its own that nobody had accepted', () => {
    const shown = standing(scenario.transcript, id);
    if (shown.kind !== 'included') throw new Error('it is in the set');
    const body = headerMessage.encode({ ...headerMessage.decode(shown.header), timestamp_ms: 1 });
    const { reports } = standing(scenario.transcript, 'a' as PartyId) as Extract<Standing, { kind: 'absent' }>;
    for (const invented of [
      { ...shown, header: body },
      { ...shown, kind: 'left-out' as const, header: body, reports },
    ]) {
      expect(codeFor(scenario, evidenceOf(scenario, id, receipts[0], invented))).toBe('bad_proof');
    }
  });

  it('when neighbours are shown that are not side by side', () => {
    const lists = new DecidedLists();
    const names = even(9);
    const headers = names.map((name) => lists.header(name));
    const { list } = lists.decide(headers);
    const { config, configHash } = lists.round;
    const { secretKey, id: coordinator } = lists.fleet.coordinator.context.identity;
    const receipt = signDocument(
      receiptMessage,
      'local',
      {
        v: 1,
        fleet: 'local',
        cluster: config.cluster,
        round: config.round,
        config_hash: configHash,
        router: names[4] as PartyId,
        coordinator,
        header_hash: headers[4].hash,
      },
      secretKey,
    );
    const leaf = (index: number) => ({ header: headers[index].signed.body, index, path: list.all.tree.proof(index) });
    const parts = decisionProofOf({
      ...lists.fleet.view.documents,
      epoch_certificate: lists.round.epoch.certificate,
      announcement: lists.round.announcement,
      decision: list.decision,
    });
    const reports = [...list.reports];
    const shown = (before: number, after: number, pretend = after) =>
      receiptEvidence(parts, receipt, {
        kind: 'absent',
        before: leaf(before),
        after: { ...leaf(after), index: pretend },
        reports,
      });
    for (const [before, after, pretend] of [
      [3, 5, 5],
      [3, 5, 4],
      [0, 8, 1],
      [3, 4, 4],
      [4, 5, 5],
      [5, 3, 3],
    ]) {
      expect(codeOf(() => verifyReceiptEvidence(lists.fleet.authority.publicKey, shown(before, after, pretend)))).toBe(
        'bad_proof',
      );
    }
  });
});

it('a router takes no receipt that would prove nothing later', () => {
  const scenario = new Scenario(quietFleet(4, 2, 4));
  const { coordinator, routers } = scenario.fleet;
  const [router] = routers;
  const genuine = receiptOf(scenario, router);
  const body = receiptMessage.decode(genuine.body);
  const { secretKey } = coordinator.context.identity;
  const take = (signed: Signed) => codeOf(() => router.keepReceipt(scenario.key, signed));
  const wrong: Partial<Receipt>[] = [
    { fleet: 'other' },
    { cluster: 'ab'.repeat(16) as never },
    { round: 9 as never },
    { config_hash: new Uint8Array(32) },
    { router: 'router-1' as PartyId },
    { coordinator: 'other' as PartyId },
    { header_hash: new Uint8Array(32) },
  ];
  for (const change of wrong)
    expect([change, take(signDocument(receiptMessage, 'local', { ...body, ...change }, secretKey))]).toEqual([
      change,
      'wrong_config',
    ]);
  expect(take(signDocument(receiptMessage, 'local', body, router.identity.secretKey))).toBe('bad_signature');
  expect(router.state.participations.get(scenario.key)?.receipt).toBeUndefined();
  expect(take(genuine)).toBeUndefined();
});
