/** Whether evidence proves what it says, from the authority's key alone. */
import { holds, verifyMessage } from '@secagg/crypto';
import {
  answerMessage,
  type Bytes,
  type Certificate,
  certificateMessage,
  type Epoch,
  epochMessage,
  type Evidence,
  type EvidenceKind,
  evidenceMessage,
  SecaggError,
  type Signed,
} from '@secagg/schema';
import { isSignedBy, openDocument } from '../wire/documents';
import { sameBytes } from '../wire/bytes';
import { epochHash } from '../epoch/verified-epoch';
import { type Occasion, statementKinds } from './statements';

export interface Misbehaviour extends Occasion {
  readonly kind: EvidenceKind;
  readonly party: string;
  /** Of the certificate it comes with. */
  readonly serial: number;
  /** Ed25519: what the party signs with, and so who it is. */
  readonly publicKey: Bytes;
}

const refuse = (what: string): never => {
  throw new SecaggError('invalid', `this is no evidence: ${what}`);
};

/**
 * Verifies encoded evidence. Throws what decoding throws, `bad_signature` or `bad_certificate`, or `invalid` where it
 * proves nothing.
 */
export function verifyEvidence(authorityKey: Bytes, bytes: Bytes): Misbehaviour {
  const evidence = evidenceMessage.decode(bytes);
  const certificates = openCertificates(authorityKey, evidence);
  const accused = certificates[0];
  if (accused.id !== evidence.party) refuse('the first certificate is not of the accused party');
  const { key, role } = statementKinds[evidence.kind];
  if (!certificates.every(({ roles }) => roles.includes(role))) refuse(`a signer has no certificate as ${role}`);
  if (key === 'identity' && evidence.epoch_certificate) refuse('there is an epoch that nothing is signed under');
  const occasion =
    evidence.kind === 'wrong-answer' ? wrongAnswer(evidence, certificates) : twoStatements(evidence, certificates);
  return {
    kind: evidence.kind,
    party: evidence.party,
    serial: accused.serial,
    publicKey: accused.public_key,
    ...occasion,
  };
}

function openCertificates(authorityKey: Bytes, { fleet, certificates }: Evidence): Certificate[] {
  const opened = certificates.map((signed) => {
    if (!isSignedBy(certificateMessage, fleet, signed, authorityKey))
      throw new SecaggError('bad_certificate', 'a certificate is not signed by the authority');
    return certificateMessage.decode(signed.body);
  });
  if (opened.some((certificate) => certificate.fleet !== fleet))
    throw new SecaggError('bad_certificate', 'a certificate is of another fleet');
  if (new Set(opened.map(({ id }) => id)).size !== opened.length) refuse('two certificates of one party');
  return opened;
}

function twoStatements(evidence: Evidence, certificates: readonly Certificate[]): Occasion {
  const { statements, kind, party } = evidence;
  const { message, key, open } = statementKinds[kind];
  if (statements.length !== 2 || certificates.length !== 1) refuse('it takes two statements of one party');
  const publicKey = key === 'identity' ? certificates[0].public_key : seatOf(evidence, certificates[0]).voteKey;
  const [one, other] = statements.map((signed) => {
    openDocument(message, evidence.fleet, signed, publicKey, party);
    const opened = open(signed.body);
    if (opened.party !== undefined && opened.party !== party) refuse('a statement is of another party');
    return opened;
  });
  if (one.slot !== other.slot) refuse('the statements are about different things');
  if (sameBytes(statements[0].body, statements[1].body)) refuse('the statements are the same');
  return one.occasion;
}

/** A seat that its holder accepted: it signed the list of keys. */
function seatOf(
  { fleet, epoch_certificate }: Evidence,
  certificate: Certificate,
): { index: number; voteKey: Bytes; epoch: Epoch } {
  if (!epoch_certificate) return refuse('the epoch is missing');
  const { body, signatures } = epoch_certificate;
  const epoch = epochMessage.decode(body);
  const index = epoch.members.findIndex(({ id }) => id === certificate.id);
  if (index < 0) refuse(`${certificate.id} has no seat in the epoch`);
  const accepted =
    index < signatures.length &&
    verifyMessage(certificate.public_key, { type: epochMessage.type, fleet }, signatures[index], body);
  if (!accepted)
    throw new SecaggError('bad_signature', `the epoch is not signed by ${certificate.id}`, { party: certificate.id });
  return { index, voteKey: epoch.members[index].vote_key, epoch };
}

/**
 * t other holders signed one hash for a piece of the same decision, and the accused another: at most t-1 members lie.
 */
function wrongAnswer(evidence: Evidence, certificates: readonly Certificate[]): Occasion {
  const { statements, fleet, epoch_certificate } = evidence;
  if (statements.length !== certificates.length) refuse('it takes one statement of each signer');
  const answers = statements.map((signed, i) => {
    const seat = seatOf(evidence, certificates[i]);
    const answer = openDocument(answerMessage, fleet, signed, seat.voteKey, certificates[i].id);
    const own =
      answer.member === seat.index &&
      epoch_certificate !== undefined &&
      sameBytes(answer.epoch_hash, epochHash(epoch_certificate.body));
    if (!own) refuse(`the answer of ${certificates[i].id} is of another member or epoch`);
    const hashes = new Map(answer.hashes.map(({ group, piece, hash }) => [`${group}:${piece}`, hash]));
    return { answer, hashes, threshold: seat.epoch.threshold };
  });
  const [{ answer: accused, threshold }, ...others] = answers;
  const same = others.every(
    ({ answer }) =>
      sameBytes(answer.decision_hash, accused.decision_hash) && sameBytes(answer.config_hash, accused.config_hash),
  );
  if (!same) refuse('the answers are about different decisions');
  if (others.length < threshold) refuse(`it takes the answers of ${threshold} others`);
  const contradicted = accused.hashes.some(({ group, piece, hash }) => {
    if (!holds(accused.member, piece)) return false;
    const theirs = others.map(({ answer, hashes }) =>
      holds(answer.member, piece) ? hashes.get(`${group}:${piece}`) : undefined,
    );
    const [first] = theirs;
    return (
      first !== undefined &&
      !sameBytes(first, hash) &&
      theirs.every((theirHash) => theirHash !== undefined && sameBytes(theirHash, first))
    );
  });
  if (!contradicted) refuse('no hash of the accused is contradicted by all others');
  return { cluster: accused.cluster, round: accused.round };
}

/** Two signed statements and what else {@link verifyEvidence} needs, in one piece. */
export interface EvidenceParts {
  readonly kind: EvidenceKind;
  readonly fleet: string;
  readonly party: string;
  readonly certificates: readonly Signed[];
  readonly epoch?: Evidence['epoch_certificate'];
  readonly statements: readonly Signed[];
}

export const encodeEvidence = ({ kind, fleet, party, certificates, epoch, statements }: EvidenceParts): Bytes =>
  evidenceMessage.encode({
    v: 1,
    kind,
    fleet,
    party: party as Evidence['party'],
    certificates: [...certificates],
    ...(epoch ? { epoch_certificate: epoch } : {}),
    statements: statements.map(({ body, signature }) => ({ body, signature })),
  });
