/** Which parties have proven misbehaviour against them, and what the policy makes of it. */
import { type Bytes, SecaggError } from '@secagg/schema';
import { isOn } from '../checks/check';
import { signedCertificate } from '../evidence/proven-misbehaviour';
import { encodeEvidence, type Misbehaviour, verifyEvidence } from '../evidence/verify-evidence';
import { decidedPieces, pieceKey, resolvedHash } from './pieces';
import { type CoordinatorEvent, type CoordinatorState, roundOf, type RoundState } from './state';

/** Name of evidence: one of a kind is kept for a party and its certificate, so that a party cannot fill the disk by misbehaving again and again. */
export const misbehaviourKey = ({ kind, party, serial }: Misbehaviour): string => `${kind}:${party}:${serial}`;

/** The event that keeps verified evidence; none when the like is kept already. Throws what {@link verifyEvidence} throws. */
export function recordMisbehaviour(state: CoordinatorState, evidence: Bytes, nowMs: number): CoordinatorEvent[] {
  const proven = verifyEvidence(state.view.authorityKey, evidence);
  return state.misbehaviour.has(misbehaviourKey(proven)) ? [] : [{ type: 'misbehaviour-proven', evidence, atMs: nowMs }];
}

export function applyMisbehaviour(state: CoordinatorState, { evidence, atMs }: Extract<CoordinatorEvent, { type: 'misbehaviour-proven' }>): void {
  const proven = verifyEvidence(state.view.authorityKey, evidence);
  state.misbehaviour.set(misbehaviourKey(proven), { proven, evidence, atMs });
}

/** Whether the policy keeps the party out: until the authority gives it a new certificate. */
export function isExcluded(state: CoordinatorState, party: string): boolean {
  if (state.view.policy.misbehaviour !== 'exclude') return false;
  const serial = state.view.certificates.get(party as never)?.serial;
  return [...state.misbehaviour.values()].some(({ proven }) => proven.party === party && proven.serial === serial);
}

/** Throws `excluded`. */
export function checkStanding(state: CoordinatorState, party: string): void {
  if (isOn('standing.excluded') && isExcluded(state, party)) {
    throw new SecaggError('excluded', `${party} is excluded for proven misbehaviour`, { party, check: 'standing.excluded' });
  }
}

/** Evidence against the members of a round that t others contradict. */
export function evidenceOfLiars(state: CoordinatorState, key: string): Bytes[] {
  const round = roundOf(state, key);
  return [...round.liars].flatMap((liar) => {
    const evidence = evidenceOfLiar(state, round, liar);
    return evidence ? [evidence] : [];
  });
}

function evidenceOfLiar(state: CoordinatorState, round: RoundState, liar: number): Bytes | undefined {
  const { threshold, epoch, certificate } = round.round.epoch;
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
    const certificates = signers.flatMap((member) => signedCertificate(state.view, epoch.members[member].id) ?? []);
    if (certificates.length < signers.length) return undefined;
    const statements = [own, ...others.map(([, answer]) => answer)].map(({ body }) => body.answer);
    return encodeEvidence({ kind: 'wrong-answer', fleet: state.view.fleet, party: epoch.members[liar].id, certificates, epoch: certificate, statements });
  }
  return undefined;
}
