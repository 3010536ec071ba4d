/** Fleet documents as both services take them: signed, so that their sender need not be trusted. */
import {
  fleetDocumentsMessage,
  type FreshnessProof,
  freshnessProofMessage,
  type Message,
  type Signed,
} from '@secagg/schema';
import { cbor } from './http/messages';
import { type CallOptions, type Transport } from './http/transport';

export interface FleetDocuments {
  readonly policy: Signed;
  readonly roster: Signed;
}

/**
 * Throws `policy` when the documents are not newer than those known there, `bad_signature` when not the authority's.
 */
export const putFleet = (transport: Transport, { policy, roster }: FleetDocuments, call?: CallOptions): Promise<void> =>
  put(transport, '/v1/fleet', fleetDocumentsMessage, { policy, roster }, call);

/** Throws `policy` when the statement is older than the one known there, `expired` when it is over, `bad_signature`. */
export const putFreshness = (transport: Transport, proof: FreshnessProof, call?: CallOptions): Promise<void> =>
  put(transport, '/v1/freshness', freshnessProofMessage, proof, call);

async function put<T>(
  transport: Transport,
  path: string,
  message: Message<T>,
  value: T,
  call?: CallOptions,
): Promise<void> {
  const body = message.encode(value);
  await transport.send(
    { method: 'PUT', path, body, headers: cbor, maxBytes: message.maxBytes, idempotent: true },
    call,
  );
}
