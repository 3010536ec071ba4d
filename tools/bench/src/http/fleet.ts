/** A fleet as files that a coordinator and committee members are started with; the routers are played by this process. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateIdentityKey } from '@secagg/crypto';
import {
  clusterTerms,
  createAuthority,
  type FleetView,
  type Identity,
  issueCertificate,
  policyTerms,
  signPolicy,
  signRoster,
  verifyFleet,
} from '@secagg/protocol';
import {
  type ClusterHash,
  createClusterHash,
  type PartyId,
  type Role,
  type Signed,
  signedMessage,
} from '@secagg/schema';

export interface BenchFleet {
  readonly folder: string;
  readonly view: FleetView;
  readonly cluster: ClusterHash;
  readonly operator: Identity;
  readonly routers: readonly Identity[];
  readonly members: readonly string[];
}

const DAY_MS = 86_400_000;
/** A bench needs no budget, only noise. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;
export const COMMITTEE = { size: 7, threshold: 3 } as const;

const random = (length: number) => new Uint8Array(randomBytes(length));
export const keyFile = (folder: string, id: string): string => join(folder, `${id}.key`);
export const storeKeyFile = (folder: string, id: string): string => join(folder, `${id}.store.key`);

export function createFleet(folder: string, routers: number): BenchFleet {
  const nowMs = Date.now();
  const authority = createAuthority('bench', random);
  const cluster = createClusterHash('bench', 'bench');
  const certificates: Signed[] = [];
  const enrol = (id: string, role: Role): Identity => {
    const { publicKey, secretKey } = generateIdentityKey(random);
    const serial = certificates.length + 1;
    certificates.push(
      issueCertificate(authority, {
        id,
        roles: [role],
        publicKey,
        organisation: 'bench',
        serial,
        notBeforeMs: nowMs - 60_000,
        notAfterMs: nowMs + DAY_MS,
      }),
    );
    return { id: id as PartyId, secretKey };
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const members = Array.from({ length: COMMITTEE.size }, (_, i) => `member-${i}` as PartyId);
  const withFile = (identity: Identity): Identity => {
    writeFileSync(keyFile(folder, identity.id), identity.secretKey, { mode: 0o600 });
    return identity;
  };
  withFile(enrol('coordinator', 'coordinator'));
  for (const id of members) {
    withFile(enrol(id, 'committee'));
    writeFileSync(storeKeyFile(folder, id), random(32), { mode: 0o600 });
  }
  const operator = enrol('operator', 'operator');
  const identities = Array.from({ length: routers }, (_, i) => enrol(`router-${i}`, 'router'));
  const policy = signPolicy(
    authority,
    policyTerms({
      issued_at_ms: nowMs,
      not_after_ms: nowMs + DAY_MS,
      clusters: [
        clusterTerms(cluster, {
          // The members are parties of their own, and add nothing to a group.
          members: identities.map(({ id }) => id).sort(),
          min_participants_per_group: 2,
          max_round_rho_units: UNLIMITED,
          budget_rho_units: UNLIMITED,
        }),
      ],
      committee: { candidates: members, ...COMMITTEE },
    }),
  );
  const roster = signRoster(authority, { version: 1, issuedAtMs: nowMs, notAfterMs: nowMs + DAY_MS, certificates });
  writeFileSync(join(folder, 'policy.cbor'), signedMessage.encode(policy));
  writeFileSync(join(folder, 'roster.cbor'), signedMessage.encode(roster));
  writeFileSync(join(folder, 'authority.pub'), `${Buffer.from(authority.publicKey).toString('hex')}\n`);
  return {
    folder,
    cluster,
    operator,
    members,
    routers: identities,
    view: verifyFleet(authority.publicKey, { policy, roster }),
  };
}
