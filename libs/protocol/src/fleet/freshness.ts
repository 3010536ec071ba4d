/**
 * Statements of which policy and roster are current (docs/protocol.md, "Freshness"), as the timestamp role of The
 * Update Framework: a coordinator that keeps newer documents back cannot show a new statement, and parties stop when
 * theirs is too old.
 */
import { domainHash } from '@secagg/crypto';
import {
  type Bytes,
  type Freshness,
  type FreshnessKey,
  freshnessKeyMessage,
  freshnessMessage,
  type FreshnessProof,
  freshnessProofMessage,
  policyMessage,
  rosterMessage,
  SecaggError,
  type Signed,
} from '@secagg/schema';
import { ensure } from '../checks/check';
import { openDocument, signDocument } from '../wire/documents';
import { sameBytes } from '../wire/bytes';
import { type Authority } from './authority';
import { type FleetDocuments, type FleetView } from './fleet-view';

/** A statement whose signatures hold. */
export interface VerifiedFreshness {
  readonly proof: FreshnessProof;
  readonly statement: Freshness;
  /** Absent where the authority signed it itself. */
  readonly key?: FreshnessKey;
}

/** The encoded proof, verified before it was put into an event. */
export interface FreshnessTaken {
  readonly type: 'freshness-taken';
  readonly proof: Bytes;
}

/** `not_required`: the policy asks for none, and frozen documents would not be noticed. */
export type FreshnessState = 'not_required' | 'fresh' | 'grace' | 'stale' | 'missing' | 'outdated';

export interface FreshnessStatus {
  readonly state: FreshnessState;
  /** When the newest statement known was issued. */
  readonly issuedAtMs?: number;
  /** When the grace begins, and when a party stops. */
  readonly freshUntilMs?: number;
  readonly stopsAtMs?: number;
}

export const documentHash = (name: string, body: Bytes): Bytes => domainHash('fleet-document', name, body);

/**
 * Checks the signatures of a statement, from the authority's key alone. Throws `bad_signature`, `policy`, or what
 * decoding throws.
 */
export function verifyFreshness(authorityKey: Bytes, fleet: string, proof: FreshnessProof): VerifiedFreshness {
  if (!proof.key)
    return { proof, statement: openDocument(freshnessMessage, fleet, proof.statement, authorityKey, 'the authority') };
  const key = openDocument(freshnessKeyMessage, fleet, proof.key, authorityKey, 'the fleet authority');
  const statement = openDocument(freshnessMessage, fleet, proof.statement, key.public_key, 'the freshness key');
  const { issued_at_ms: issued, not_after_ms: end } = statement;
  const within = issued >= key.not_before_ms && end <= key.not_after_ms && end - issued <= key.max_lifetime_ms;
  if (!within) throw new SecaggError('policy', 'the statement goes beyond what the authority lets its key sign');
  return { proof, statement, key };
}

/** The same for one that was verified before it was stored. */
export function storedFreshness(proof: Bytes): VerifiedFreshness {
  const decoded = freshnessProofMessage.decode(proof);
  return {
    proof: decoded,
    statement: freshnessMessage.decode(decoded.statement.body),
    ...(decoded.key ? { key: freshnessKeyMessage.decode(decoded.key.body) } : {}),
  };
}

interface Knowing {
  readonly view: FleetView;
  readonly freshness?: VerifiedFreshness;
}

/** The newest statement, unless its key was revoked: then it counts for nothing, whatever it names. */
const counted = ({ view, freshness }: Knowing): VerifiedFreshness | undefined =>
  freshness?.key && view.revoked.has(freshness.key.serial) ? undefined : freshness;

/**
 * The event to persist for a newer statement, or none for the one that is known. Nothing of it counts before it is
 * verified. Throws `policy` for one that is older than the known one, from the future, or at odds with what is known;
 * `expired`; `revoked`.
 */
export function takeFreshness(known: Knowing, proof: FreshnessProof, nowMs: number): readonly FreshnessTaken[] {
  const { view } = known;
  const freshness = counted(known);
  if (freshness && isSame(freshness.proof, proof)) return [];
  const next = verifyFreshness(view.authorityKey, view.fleet, proof);
  const { statement, key } = next;
  const refuse = (what: string): never => {
    throw new SecaggError('policy', `the statement of current documents ${what}`, { check: 'fleet.fresh' });
  };
  if (key && view.revoked.has(key.serial))
    throw new SecaggError('revoked', 'the key that signed the statement of current documents was revoked');
  if (statement.issued_at_ms > nowMs + view.policy.clock_tolerance_ms) refuse('is from the future');
  if (nowMs > statement.not_after_ms)
    throw new SecaggError('expired', 'the statement of current documents has ended', { check: 'fleet.fresh' });
  if (freshness) {
    const before = freshness.statement;
    if (statement.issued_at_ms < before.issued_at_ms) refuse('is older than the newest known');
    if (
      statement.issued_at_ms === before.issued_at_ms &&
      !sameBytes(proof.statement.body, freshness.proof.statement.body)
    )
      refuse('is another one than that of the same time');
    for (const { name, version } of before.documents)
      if ((versionOf(statement, name) ?? 0) < version) refuse(`names a ${name} older than the one before`);
  }
  for (const name of ['policy', 'roster'] as const) {
    const { version, hash } = statement.documents.find(
      (entry) => entry.name === name,
    ) as Freshness['documents'][number];
    if (version === view[name].version && !sameBytes(hash, documentHash(name, view.documents[name].body)))
      refuse(`names another ${name} with version ${version}`);
  }
  return [{ type: 'freshness-taken', proof: freshnessProofMessage.encode(proof) }];
}

const isSame = (a: FreshnessProof, b: FreshnessProof): boolean =>
  sameBytes(freshnessProofMessage.encode(a), freshnessProofMessage.encode(b));

const versionOf = ({ documents }: Freshness, name: string): number | undefined =>
  documents.find((entry) => entry.name === name)?.version;

/** Whether the documents of a party count as the current ones at `nowMs`. */
export function freshnessOf(known: Knowing, nowMs: number): FreshnessStatus {
  const { view } = known;
  const terms = view.policy.freshness;
  const freshness = counted(known);
  if (!freshness) return { state: terms ? 'missing' : 'not_required' };
  const { issued_at_ms: issuedAtMs, not_after_ms } = freshness.statement;
  const isOutdated = (['policy', 'roster'] as const).some(
    (name) => (versionOf(freshness.statement, name) ?? 0) > view[name].version,
  );
  if (isOutdated) return { state: 'outdated', issuedAtMs };
  if (!terms) return { state: 'not_required', issuedAtMs };
  const freshUntilMs = Math.min(not_after_ms, issuedAtMs + terms.max_age_ms);
  const stopsAtMs = freshUntilMs + terms.grace_ms;
  const state = nowMs <= freshUntilMs ? 'fresh' : nowMs <= stopsAtMs ? 'grace' : 'stale';
  return { state, issuedAtMs, freshUntilMs, stopsAtMs };
}

const reasons: Partial<Record<FreshnessState, string>> = {
  missing: 'no statement of the authority says that policy and roster are the current ones',
  stale: 'the newest statement that policy and roster are the current ones is too old',
  outdated: 'a statement of the authority names a newer policy or roster than those known here',
};

/** Why a party with these documents takes no part, in words for its operator; undefined when it does. */
export const freshnessProblem = (status: FreshnessStatus): string | undefined => {
  const reason = reasons[status.state];
  const at = status.issuedAtMs === undefined ? '' : ` (issued ${new Date(status.issuedAtMs).toISOString()})`;
  return reason && `${reason}${at}: they may have been kept back from it`;
};

/** The same for people and scripts. */
export function documentsReport(known: Knowing | undefined, nowMs: number) {
  const { state, issuedAtMs, freshUntilMs, stopsAtMs }: FreshnessStatus = known
    ? freshnessOf(known, nowMs)
    : { state: 'missing' };
  const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    policy: known?.view.policy.version ?? null,
    roster: known?.view.roster.version ?? null,
    freshness: state,
    issued_at: iso(issuedAtMs),
    fresh_until: iso(freshUntilMs),
    stops_at: iso(stopsAtMs),
  };
}

/** Seconds until a party stops, at most 0 once it has; undefined where no statement is needed. */
export function freshnessLeft({ state, stopsAtMs }: FreshnessStatus, nowMs: number): number | undefined {
  if (state === 'not_required') return undefined;
  return stopsAtMs === undefined ? 0 : (stopsAtMs - nowMs) / 1000;
}

/** Throws `stale_documents` when documents cannot be told to be current. */
export function checkFresh(known: Knowing, nowMs: number): void {
  const problem = freshnessProblem(freshnessOf(known, nowMs));
  ensure('fleet.fresh', problem === undefined, 'stale_documents', problem ?? '');
}

export interface StatementTerms {
  readonly issuedAtMs: number;
  readonly notAfterMs: number;
}

/** A statement that these documents are the current ones, by the authority itself. */
export const signFreshness = (
  authority: Authority,
  documents: FleetDocuments,
  terms: StatementTerms,
): FreshnessProof => ({
  statement: signDocument(
    freshnessMessage,
    authority.fleet,
    statementOf(authority.fleet, documents, terms),
    authority.secretKey,
  ),
});

/** The same by an online key. Throws `policy` for terms that the authority has not lent it. */
export function signFreshnessWithKey(
  authorityKey: Bytes,
  fleet: string,
  signer: { readonly key: Signed; readonly secretKey: Bytes },
  documents: FleetDocuments,
  terms: StatementTerms,
): FreshnessProof {
  const body = statementOf(fleet, documents, terms);
  const proof = { key: signer.key, statement: signDocument(freshnessMessage, fleet, body, signer.secretKey) };
  verifyFreshness(authorityKey, fleet, proof);
  return proof;
}

function statementOf(
  fleet: string,
  { policy, roster }: FleetDocuments,
  { issuedAtMs, notAfterMs }: StatementTerms,
): Freshness {
  const entry = (name: 'policy' | 'roster', body: Bytes, version: number) => ({
    name,
    version,
    hash: documentHash(name, body),
  });
  return {
    v: 1,
    fleet,
    issued_at_ms: issuedAtMs,
    not_after_ms: notAfterMs,
    documents: [
      entry('policy', policy.body, policyMessage.decode(policy.body).version),
      entry('roster', roster.body, rosterMessage.decode(roster.body).version),
    ],
  };
}

export interface FreshnessKeyRequest {
  /** Of the same row as those of certificates. */
  readonly serial: number;
  readonly publicKey: Bytes;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly maxLifetimeMs: number;
}

/** Lends a key the right to sign statements, within these limits. */
export function lendFreshnessKey(authority: Authority, request: FreshnessKeyRequest): Signed {
  if (request.notAfterMs <= request.notBeforeMs)
    throw new SecaggError('invalid', 'the key would end before it begins', { path: 'not_after_ms' });
  const body: FreshnessKey = {
    v: 1,
    fleet: authority.fleet,
    serial: request.serial,
    public_key: request.publicKey,
    not_before_ms: request.notBeforeMs,
    not_after_ms: request.notAfterMs,
    max_lifetime_ms: request.maxLifetimeMs,
  };
  return signDocument(freshnessKeyMessage, authority.fleet, body, authority.secretKey);
}
