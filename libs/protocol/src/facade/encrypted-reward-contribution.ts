/** A contribution as the original design names its parts, and the checks that its parts agree. */
import { type Bytes, contributionMessage, headerMessage, SecaggError } from '@secagg/schema';

/** Plain JSON. What counts is `encrypted_signal`; the other fields repeat its signed header, for routing and logs. */
export interface EncryptedRewardContribution {
  readonly router_id: string;
  /** The signed, encrypted contribution as it goes over the wire (docs/protocol.md), in base64. */
  readonly encrypted_signal: string;
  /** The router's Ed25519 signature over the contribution's header, in base64. */
  readonly signature: string;
  /** When it was made, ISO 8601. Advisory. */
  readonly timestamp: string;
  readonly aggregation_round: number;
}

export function toEncryptedContribution(bytes: Bytes): EncryptedRewardContribution {
  const { header } = contributionMessage.decode(bytes);
  const { router, round, timestamp_ms } = headerMessage.decode(header.body);
  return {
    router_id: router,
    encrypted_signal: Buffer.from(bytes).toString('base64'),
    signature: Buffer.from(header.signature).toString('base64'),
    timestamp: new Date(timestamp_ms).toISOString(),
    aggregation_round: round,
  };
}

/**
 * The contribution's bytes. Throws `malformed` for what is not such an object or not base64, `invalid` for fields that
 * say something else than the header, and what decoding throws. Signatures are checked by whoever collects.
 */
export function fromEncryptedContribution(contribution: EncryptedRewardContribution): {
  readonly bytes: Bytes;
  readonly cluster: string;
} {
  const encoded: unknown = contribution?.encrypted_signal;
  const bytes = typeof encoded === 'string' ? Buffer.from(encoded, 'base64') : undefined;
  if (!bytes || bytes.toString('base64') !== encoded)
    throw new SecaggError('malformed', 'encrypted_signal is not base64', { path: 'encrypted_signal' });
  const says = toEncryptedContribution(new Uint8Array(bytes));
  for (const field of ['router_id', 'signature', 'timestamp', 'aggregation_round'] as const) {
    if (contribution[field] !== says[field])
      throw new SecaggError('invalid', `${field} differs from the signed header`, {
        path: field,
        party: says.router_id,
      });
  }
  return {
    bytes: new Uint8Array(bytes),
    cluster: headerMessage.decode(contributionMessage.decode(bytes).header.body).cluster,
  };
}
