/** A fleet for one part of a crash test: authority, keys and documents as files, six router-nodes of which four are the committee. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateIdentityKey } from '@secagg/crypto';
import { rhoToBudgetUnits } from '@secagg/dp-noise';
import {
  type Authority,
  clusterTerms,
  createAuthority,
  type FleetDocuments,
  type Identity,
  issueCertificate,
  policyTerms,
  signFreshness,
  signPolicy,
  signRoster,
} from '@secagg/protocol';
import {
  type ClusterHash,
  createClusterHash,
  type FreshnessProof,
  freshnessProofMessage,
  type PartyId,
  type Role,
  type Signed,
  signedMessage,
} from '@secagg/schema';
import { type FleetKind, fleetTerms } from './terms';

export interface CrashFleet {
  readonly kind: FleetKind;
  readonly folder: string;
  readonly authority: Authority;
  readonly cluster: ClusterHash;
  readonly routers: readonly PartyId[];
  /** The first of the routers, in increasing order of id: the index in an epoch is the index here. */
  readonly members: readonly PartyId[];
  readonly operator: Identity;
  /** On the roster, and played by this program: its boxes do not open everywhere. */
  readonly saboteur: Identity;
  /** Signs the next versions of policy and roster, with the same content. */
  nextDocuments(): FleetDocuments;
  /** States that the newest ones are current. */
  statement(): FreshnessProof;
}

export const ROUTERS = 6;
export const COMMITTEE = { size: 4, threshold: 2 };
const DAY_MS = 86_400_000;
export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

export const keyFile = (folder: string, id: string): string => join(folder, `${id}.key`);
export const storeKeyFile = (folder: string, id: string): string => join(folder, `${id}.store.key`);

export function createCrashFleet(folder: string, kind: FleetKind): CrashFleet {
  const nowMs = Date.now();
  const authority = createAuthority('crash-test', random);
  const cluster = createClusterHash('crash-test', randomBytes(16).toString('hex'));
  const routers = Array.from({ length: ROUTERS }, (_, i) => `router-${i}` as PartyId);
  const members = routers.slice(0, COMMITTEE.size);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const certificates: Signed[] = [];
  const enrol = (id: string, roles: readonly Role[]): Identity => {
    const { publicKey, secretKey } = generateIdentityKey(random);
    certificates.push(
      issueCertificate(authority, {
        id,
        roles,
        publicKey,
        organisation: 'crash-test',
        serial: certificates.length + 1,
        notBeforeMs: nowMs - 60_000,
        notAfterMs: nowMs + DAY_MS,
      }),
    );
    writeFileSync(keyFile(folder, id), secretKey, { mode: 0o600 });
    return { id: id as PartyId, secretKey };
  };
  enrol('coordinator', ['coordinator']);
  const operator = enrol('operator', ['operator']);
  const saboteur = enrol('saboteur', ['router']);
  for (const id of routers) {
    enrol(id, members.includes(id) ? ['router', 'committee'] : ['router']);
    writeFileSync(storeKeyFile(folder, id), random(32), { mode: 0o600 });
  }
  const terms = fleetTerms(kind);
  let version = 0;
  const nextDocuments = (): FleetDocuments => {
    version += 1;
    const policy = signPolicy(
      authority,
      policyTerms({
        version,
        issued_at_ms: nowMs,
        clusters: [
          clusterTerms(cluster, {
            min_participants_per_group: terms.leastParticipants,
            min_assumed_colluders: terms.assumedColluders,
            privacy_units: [terms.privacyUnit],
            max_round_rho_units: rhoToBudgetUnits(terms.maxRoundRho),
            budget_rho_units: rhoToBudgetUnits(terms.budgetRho),
            unsafe_no_noise: !terms.noise,
          }),
        ],
        committee: { candidates: members, ...COMMITTEE },
        freshness: { max_age_ms: DAY_MS, grace_ms: 0 },
      }),
    );
    newest = {
      policy,
      roster: signRoster(authority, { version, issuedAtMs: nowMs, notAfterMs: nowMs + DAY_MS, certificates }),
    };
    return newest;
  };
  let newest: FleetDocuments;
  const statement = (): FreshnessProof => {
    const issuedAtMs = Date.now();
    return signFreshness(authority, newest, { issuedAtMs, notAfterMs: issuedAtMs + DAY_MS });
  };
  const { policy, roster } = nextDocuments();
  writeFileSync(join(folder, 'policy.cbor'), signedMessage.encode(policy));
  writeFileSync(join(folder, 'roster.cbor'), signedMessage.encode(roster));
  writeFileSync(join(folder, 'freshness.cbor'), freshnessProofMessage.encode(statement()));
  writeFileSync(join(folder, 'authority.pub'), `${Buffer.from(authority.publicKey).toString('hex')}\n`);
  return { kind, folder, authority, cluster, routers, members, operator, saboteur, nextDocuments, statement };
}
