/** Hands in evidence that a coordinator has not seen: of a party that is certified for it and speaks nowhere else. */
import { generateIdentityKey } from '@secagg/crypto';
import { encodeEvidence, issueCertificate, signDocument } from '@secagg/protocol';
import { type PartyId, receiptMessage } from '@secagg/schema';
import { random } from '@secagg/testbed/random';
import { request } from 'undici';
import { type CrashFleet } from '../fleet/crash-fleet';

let culprits = 0;

/** Whether it is taken does not matter, as for all that a probe asks; it does not throw. */
export async function accuse(url: string, { authority, cluster }: CrashFleet, timeoutMs: number): Promise<void> {
  culprits += 1;
  const id = `culprit-${culprits}` as PartyId;
  const { publicKey, secretKey } = generateIdentityKey(random);
  const nowMs = Date.now();
  const certificate = issueCertificate(authority, {
    id,
    roles: ['coordinator'],
    publicKey,
    organisation: 'crash-test',
    serial: 1_000_000 + culprits,
    notBeforeMs: nowMs - 60_000,
    notAfterMs: nowMs + 60_000,
  });
  const receipt = () =>
    signDocument(
      receiptMessage,
      authority.fleet,
      {
        v: 1,
        fleet: authority.fleet,
        cluster,
        round: 1 as never,
        config_hash: new Uint8Array(32),
        router: 'router-0' as PartyId,
        coordinator: id,
        header_hash: random(32),
      },
      secretKey,
    );
  const body = encodeEvidence({
    kind: 'two-receipts',
    fleet: authority.fleet,
    party: id,
    certificates: [certificate],
    statements: [receipt(), receipt()],
  });
  const limits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
  await request(`${url}/v1/evidence`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/cbor' },
    ...limits,
  }).then(
    (reply) => reply.body.dump(),
    () => undefined,
  );
}
