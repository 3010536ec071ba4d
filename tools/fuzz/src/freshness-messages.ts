/** Statements of the current documents, by the authority and by a key that it has lent. */
import { generateIdentityKey } from '@secagg/crypto';
import { lendFreshnessKey, type LocalFleet, signFreshness, signFreshnessWithKey } from '@secagg/protocol';
import { type Bytes, freshnessKeyMessage, freshnessMessage, freshnessProofMessage, type Signed } from '@secagg/schema';

interface Seeds {
  add(type: string, bytes: Bytes): void;
  signed(type: string, message: Signed): void;
}

export function freshnessMessages(record: Seeds, fleet: LocalFleet, now: number): void {
  const lent = generateIdentityKey((length) => new Uint8Array(length).fill(7));
  const key = lendFreshnessKey(fleet.authority, {
    serial: 1000,
    publicKey: lent.publicKey,
    notBeforeMs: now,
    notAfterMs: now + 1_000_000,
    maxLifetimeMs: 1_000_000,
  });
  const terms = { issuedAtMs: now, notAfterMs: now + 1_000_000 };
  const { authority, view } = fleet;
  const statements = [
    signFreshness(authority, view.documents, terms),
    signFreshnessWithKey(authority.publicKey, view.fleet, { key, ...lent }, view.documents, terms),
  ];
  record.signed(freshnessKeyMessage.type, key);
  for (const proof of statements) {
    record.signed(freshnessMessage.type, proof.statement);
    record.add(freshnessProofMessage.type, freshnessProofMessage.encode(proof));
  }
}
