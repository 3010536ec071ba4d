/** Which parties have proven misbehaviour against them, and what the policy makes of it. */
import { type Bytes, evidenceKind, type PartyId } from '@secagg/schema';
import { domainHash } from '@secagg/crypto';
import { ensure } from '../checks/check';
import { hex } from '../wire/bytes';
import { isByAccident } from '../evidence/statements';
import { signedCertificate } from '../evidence/proven-misbehaviour';
import { encodeEvidence, type Misbehaviour, verifyEvidence } from '../evidence/verify-evidence';
import { pieceKey } from '../wire/pieces';
import { decidedPieces, resolvedHash } from './pieces';
import { type CoordinatorEvent, type CoordinatorState, roundOf, type RoundState } from './state';

/**
 * Name of evidence: one of a kind is kept for a party and its key, so that a party cannot fill the disk by misbehaving
 * again and again.
 */
export const misbehaviourKey = ({
  kind,
  party,
  publicKey,
}: Pick<Misbehaviour, 'kind' | 'party' | 'publicKey'>): string => `${kind}:${party}:${hex(publicKey)}`;

/**
 * The event that keeps verified evidence; none when the like is kept already. Throws what {@link verifyEvidence}
 * throws.
 * @param proven what {@link verifyEvidence} found in it, where that was done before
 */
export function recordMisbehaviour(
  state: CoordinatorState,
  evidence: Bytes,
  nowMs: number,
  proven: Misbehaviour = verifyEvidence(state.view.authorityKey, evidence),
): CoordinatorEvent[] {
  return state.misbehaviour.has(misbehaviourKey(proven))
    ? []
    : [{ type: 'misbehaviour-proven', evidence, atMs: nowMs }];
}

export function applyMisbehaviour(
  state: CoordinatorState,
  { evidence, atMs }: Extract<CoordinatorEvent, { type: 'misbehaviour-proven' }>,
): void {
  const proven = verifyEvidence(state.view.authorityKey, evidence);
  state.misbehaviour.set(misbehaviourKey(proven), {
    id: hex(domainHash('evidence', evidence)).slice(0, 32),
    proven,
    evidence,
    atMs,
  });
}

/**
 * Whether the policy keeps the party out: until it has a certificate for another key, and not for what a lost disk can
 * make an honest party do.
 */
export function isExcluded(state: CoordinatorState, party: string): boolean {
  const key = state.view.certificates.get(party as PartyId)?.public_key;
  if (state.view.policy.misbehaviour !== 'exclude' || !key) return false;
  return convictions.some((kind) => state.misbehaviour.has(misbehaviourKey({ kind, party, publicKey: key })));
}

const convictions = evidenceKind.options.filter((kind) => !isByAccident(kind));

/** Throws `excluded`. */
export function checkStanding(state: CoordinatorState, party: string): void {
  ensure('standing.excluded', !isExcluded(state, party), 'excluded', `${party} is excluded for proven misbehaviour`, {
    party,
  });
}

/** Evidence against the members of a round that t others contradict. */
export function evidenceOfLiars(state: CoordinatorState, key: string): Bytes[] {
  const round = roundOf(state, key);
  return [...round.liars].flatMap((liar) => {
    if (isKnown(state, round, liar)) return [];
    const evidence = evidenceOfLiar(round, liar);
    return evidence ? [evidence] : [];
  });
}

/** Every further answer would tell the same again. */
function isKnown(state: CoordinatorState, { verified: round }: RoundState, liar: number): boolean {
  const party = round.epoch.body.members[liar].id;
  const publicKey = round.view.certificates.get(party)?.public_key;
  return publicKey !== undefined && state.misbehaviour.has(misbehaviourKey({ kind: 'wrong-answer', party, publicKey }));
}

/** Under the roster that the round was announced under: keys may have been replaced since. */
function evidenceOfLiar(round: RoundState, liar: number): Bytes | undefined {
  const { view } = round.verified;
  const { threshold, body: epoch, certificate } = round.verified.epoch;
  const own = round.answers.get(liar as never);
  if (!own) return undefined;
  for (const { group, piece } of decidedPieces(round)) {
    const name = pieceKey(group, piece);
    const agreed = resolvedHash(round, name);
    const said = own.hashes.get(name);
    if (agreed === undefined || said === undefined || said === agreed) continue;
    const others = [...round.answers].filter(([, answer]) => answer.hashes.get(name) === agreed).slice(0, threshold);
    if (others.length < threshold) continue;
    const signers = [liar, ...others.map(([member]) => member)];
    const certificates = signers.flatMap((member) => signedCertificate(view, epoch.members[member].id) ?? []);
    if (certificates.length < signers.length) return undefined;
    const statements = [own, ...others.map(([, answer]) => answer)].map(({ body }) => body.answer);
    return encodeEvidence({
      kind: 'wrong-answer',
      fleet: view.fleet,
      party: epoch.members[liar].id,
      certificates,
      epoch: certificate,
      statements,
    });
  }
  return undefined;
}
