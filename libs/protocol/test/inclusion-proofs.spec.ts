/** Where a contribution stands in a decided round: shown for every list, and for nothing that is not so. */
import * as fc from 'fast-check';
import {
  type HeaderLeaf,
  type InclusionProof,
  inclusionProofMessage,
  type PartyId,
  type Standing,
} from '@secagg/schema';
import { inclusionProof, listOfTranscript, roundOf, verifyInclusionProof, verifyStanding } from '../src';
import { DecidedLists, type DecidedRoundOf, even, odd } from './support/decided-lists';
import { codeOf, drawGroups, quietFleet, random, Scenario } from './support/scenario';
import { forge } from './support/tamper';

const lists = new DecidedLists();
const router = (name: string) => name as PartyId;
const sizes = Array.from({ length: 41 }, (_, size) => size);
const decided = sizes.map((size) => lists.decide(even(size).map((name) => lists.header(name))));
const standing = ({ list }: DecidedRoundOf, name: string): Standing => inclusionProof(list, router(name)).standing;
const check = ({ decision }: DecidedRoundOf, name: string, shown: Standing) =>
  codeOf(() => verifyStanding(lists.round, decision, router(name), shown));

it('shows every contribution of every list up to forty, and the absence of everybody else', () => {
  for (const size of sizes) {
    const one = decided[size];
    even(size).forEach((name) => {
      expect(verifyStanding(lists.round, one.decision, router(name), standing(one, name))).toMatchObject({
        kind: 'included',
        headerHash: lists.header(name).hash,
        group: 0,
        size,
      });
    });
    for (const name of odd(size))
      expect(verifyStanding(lists.round, one.decision, router(name), standing(one, name))).toEqual({ kind: 'absent' });
  }
});

it("shows nobody in another's place, and nobody absent who is there", () => {
  for (const size of sizes.filter((n) => n <= 12 || n >= 39)) {
    const one = decided[size];
    const names = even(size);
    for (const name of names) {
      for (const other of names) if (other !== name) expect(check(one, name, standing(one, other))).toBe('bad_proof');
      // The gaps beside it, and every other gap, do not show that it is absent.
      for (const gap of odd(size)) expect(check(one, name, standing(one, gap))).toBe('bad_proof');
    }
  }
});

const someList = fc
  .integer({ min: 1, max: 40 })
  .chain((size) => fc.record({ size: fc.constant(size), index: fc.nat(size - 1), gap: fc.nat(size) }));

it('holds for one list only: any other leaf, index, path, list or report is refused', () => {
  fc.assert(
    fc.property(someList, fc.nat(), fc.nat(7), ({ size, index, gap }, at, bit) => {
      const one = decided[size];
      const name = even(size)[index];
      const turned = (bytes: Uint8Array) =>
        bytes.map((byte, i) => (i === at % bytes.length ? byte ^ (1 << bit) : byte));
      const bent = (leaf: HeaderLeaf): HeaderLeaf[] => [
        { ...leaf, header: turned(leaf.header) },
        ...[leaf.index + 1, leaf.index - 1].map((place) => ({ ...leaf, index: place })),
        ...leaf.path.map((_, level) => ({
          ...leaf,
          path: leaf.path.map((hash, i) => (i === level ? turned(hash) : hash)),
        })),
        ...leaf.path.map((_, level) => ({ ...leaf, path: leaf.path.filter((_hash, i) => i !== level) })),
        { ...leaf, path: [...leaf.path, new Uint8Array(32)] },
      ];
      const included = standing(one, name) as Extract<Standing, { kind: 'included' }>;
      for (const leaf of bent(included)) expect(check(one, name, { ...leaf, kind: 'included' })).toBeDefined();
      const absentee = odd(size)[gap];
      const absent = standing(one, absentee) as Extract<Standing, { kind: 'absent' }>;
      for (const side of ['before', 'after'] as const) {
        const { [side]: found, ...rest } = absent;
        if (!found) continue;
        expect(check(one, absentee, rest)).toBe('bad_proof');
        for (const leaf of bent(found)) expect(check(one, absentee, { ...absent, [side]: leaf })).toBeDefined();
      }
      const [{ body, signature }] = absent.reports;
      for (const reports of [
        [{ body: turned(body), signature }],
        [{ body, signature: turned(signature) }],
        [...absent.reports, ...absent.reports],
      ]) {
        expect(check(one, absentee, { ...absent, reports })).toBe('no_decision');
      }
      // The same proof under the decision on another list.
      const other = decided[size === 40 ? 39 : size + 1];
      expect(check(other, name, included)).toBe('bad_proof');
      expect(check(other, absentee, absent)).toBe('no_decision');
    }),
    { numRuns: 150 },
  );
});

it('takes no place in the set for a place in the list, and explains who was left out', () => {
  const names = even(12);
  const one = lists.decide(
    names.map((name) => lists.header(name)),
    [names[3], names[11]],
  );
  for (const [i, name] of names.entries()) {
    const left = i === 3 || i === 11;
    const shown = standing(one, name);
    expect(verifyStanding(lists.round, one.decision, router(name), shown)).toMatchObject(
      left ? { kind: 'left_out', reason: 'unusable' } : { kind: 'included', size: 10 },
    );
    if (shown.kind !== 'left-out') continue;
    // In the list is not in the set.
    const { reports: _reports, kind: _kind, ...leaf } = shown;
    expect(check(one, name, { kind: 'included', ...leaf })).toBe('bad_proof');
    const path = leaf.path.map((hash, level) => (level === 1 ? hash.map((byte) => byte ^ 1) : hash));
    for (const bent of [
      { path },
      { index: leaf.index - 1 },
      { header: lists.header(name, { timestamp_ms: 1 }).signed.body },
    ]) {
      expect(check(one, name, { ...shown, ...bent })).toBe('bad_proof');
    }
  }
});

it('does not let a coordinator leave out a usable contribution of an opened group by a place in the list', () => {
  const names = even(5);
  const headers = names.map((name) => lists.header(name));
  const one = lists.decide(headers);
  const { all, reports } = one.list;
  const leaf = { header: headers[2].signed.body, index: 2, path: all.tree.proof(2) };
  expect(check(one, names[2], { kind: 'left-out', ...leaf, reports: [...reports] })).toBe('no_decision');
});

it('takes no contribution to another round for one to this', () => {
  const other = new DecidedLists();
  const headers = even(3).map((name) => lists.header(name));
  const mixed = lists.decide([headers[0], other.header('r-02'), headers[2]]);
  expect(check(mixed, 'r-02', standing(mixed, 'r-02'))).toBe('bad_proof');
});

it('is of the round and router that were asked for', () => {
  const proof = inclusionProof(decided[5].list, router('r-02'));
  const verify = (changed: Partial<InclusionProof>, name = 'r-02') =>
    codeOf(() => verifyInclusionProof(lists.round, router(name), { ...proof, ...changed }));
  expect(verify({})).toBeUndefined();
  expect(verify({ round: 9 as never })).toBe('wrong_config');
  expect(verify({ cluster: 'ab'.repeat(16) as never })).toBe('wrong_config');
  expect(verify({}, 'r-04')).toBe('wrong_config');
  expect(verify({ decision: { ...proof.decision, votes: [] } })).toBe('no_decision');
});

it('grows with the logarithm of the list where the contribution is included', () => {
  const bytesOf = (size: number) => {
    const names = Array.from({ length: size }, (_, i) => `r-${String(i).padStart(6, '0')}`);
    const { list } = lists.decide(names.map((name) => lists.header(name)));
    return inclusionProofMessage.encode(inclusionProof(list, router(names[0]))).length;
  };
  const [small, large] = [bytesOf(64), bytesOf(4096)];
  // Six more hashes of 32 bytes with their lengths, and a longer size in the decision.
  expect(large - small).toBeLessThanOrEqual(6 * 34 + 4);
});

describe('in a real round', () => {
  const fleet = quietFleet(4, 2, 7);
  const [unusable, ...others] = fleet.routers;
  const lonely = (groups: { length: number }[]) =>
    groups.filter(({ length }) => length === 1).length === 1 && groups.filter(({ length }) => length > 1).length === 2;
  const scenario = drawGroups(() => new Scenario(fleet, { groups: 3, minParticipantsPerGroup: 2 }), lonely, others);
  fleet.coordinator.contribute(
    scenario.key,
    forge(scenario.build(unusable), unusable.identity.secretKey, ({ boxes }) => ({
      boxes: boxes.map((box) => ({ ...box, ciphertext: random(64) })),
    })),
  );
  scenario.contribute(others).finish();
  const { verified: round } = roundOf(fleet.coordinator.state, scenario.key);
  const list = listOfTranscript(scenario.transcript);

  it("says of every router what an audit says, from the transcript's list", () => {
    const audited = scenario.audit();
    const reasons = new Map(audited.set.excluded.map(({ router: id, reason }) => [id as string, reason]));
    expect([...reasons.values()].sort()).toEqual(['group_too_small', 'unusable']);
    for (const { identity } of fleet.routers) {
      const proof = inclusionProofMessage.decode(inclusionProofMessage.encode(inclusionProof(list, identity.id)));
      const { standing: found } = verifyInclusionProof(round, identity.id, proof);
      const reason = reasons.get(identity.id);
      const { headerHash } =
        fleet.routers.find((one) => one.identity.id === identity.id)?.state.participations.get(scenario.key) ?? {};
      expect(found).toMatchObject(reason ? { kind: 'left_out', reason } : { kind: 'included', headerHash });
    }
    expect(
      verifyInclusionProof(round, 'stranger' as PartyId, inclusionProof(list, 'stranger' as PartyId)).standing,
    ).toEqual({ kind: 'absent' });
  });

  it('has no places in an aborted round', () => {
    const aborted = new Scenario(fleet).contribute(fleet.routers.slice(0, 1)).finish();
    expect(aborted.round.phase).toBe('aborted');
    expect(codeOf(() => listOfTranscript(aborted.transcript))).toBe('no_decision');
    const proof = {
      ...inclusionProof(list, fleet.routers[0].identity.id),
      round: aborted.config.round,
      decision: aborted.transcript.decision,
    };
    expect(codeOf(() => verifyInclusionProof(aborted.round.verified, fleet.routers[0].identity.id, proof))).toBe(
      'no_decision',
    );
  });
});
