/** A fleet for one demo: authority, keys, certificates, policy and roster, as files that the processes are started with. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atRest, generateIdentityKey, sealIdentityKey } from '@secagg/crypto';
import { rhoToBudgetUnits } from '@secagg/dp-noise';
import {
  type Authority,
  clusterTerms,
  createAuthority,
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
  freshnessProofMessage,
  type PartyId,
  type Role,
  type Signed,
  signedMessage,
} from '@secagg/schema';
import { type DemoOptions } from '../options';
import { type DemoPlan } from '../plan';

export interface DemoFleet {
  readonly authority: Authority;
  readonly cluster: ClusterHash;
  readonly routers: readonly PartyId[];
  readonly members: readonly PartyId[];
  readonly operator: Identity;
  /** Budget of each router over 30 days, as rho. */
  readonly budgetRho: number;
  /** Folder with policy.cbor, roster.cbor, freshness.cbor, authority.pub, and in keys/ each party's key, sealed under its store key beside it. */
  readonly folder: string;
}

const random = (length: number) => new Uint8Array(randomBytes(length));
const DAY_MS = 86_400_000;
/** Rounds that a router's budget is for, unless more are asked for. */
const BUDGETED_ROUNDS = 30;

export const keyFile = (fleet: Pick<DemoFleet, 'folder'>, id: string): string =>
  join(fleet.folder, 'keys', `${id}.key`);
export const storeKeyFile = (fleet: Pick<DemoFleet, 'folder'>, id: string): string =>
  join(fleet.folder, 'keys', `${id}.store.key`);

export async function createDemoFleet(
  folder: string,
  options: DemoOptions,
  plan: DemoPlan,
  nowMs: number,
): Promise<DemoFleet> {
  const authority = createAuthority('demo', random);
  const cluster = createClusterHash('demo', randomBytes(16).toString('hex'));
  const routers = Array.from({ length: options.routers }, (_, i) => `router-${i}` as PartyId);
  const members = routers.slice(0, options.committee);
  mkdirSync(join(folder, 'keys'), { recursive: true, mode: 0o700 });
  const certificates: Signed[] = [];
  const enrol = async (id: PartyId, roles: readonly Role[]): Promise<Identity> => {
    const { publicKey, secretKey } = generateIdentityKey(random);
    certificates.push(
      issueCertificate(authority, {
        id,
        roles,
        publicKey,
        organisation: 'demo',
        serial: certificates.length + 1,
        notBeforeMs: nowMs - 60_000,
        notAfterMs: nowMs + DAY_MS,
      }),
    );
    const storeKey = random(32);
    writeFileSync(storeKeyFile({ folder }, id), storeKey, { mode: 0o600 });
    writeFileSync(keyFile({ folder }, id), sealIdentityKey(await atRest(storeKey, random), secretKey, id), {
      mode: 0o600,
    });
    return { id, secretKey };
  };
  await enrol('coordinator' as PartyId, ['coordinator']);
  const operator = await enrol('operator' as PartyId, ['operator']);
  for (const id of routers) await enrol(id, members.includes(id) ? ['router', 'committee'] : ['router']);
  const budgetRho = plan.rho * Math.max(BUDGETED_ROUNDS, options.rounds);
  const policy = signPolicy(
    authority,
    policyTerms({
      issued_at_ms: nowMs,
      not_after_ms: nowMs + DAY_MS,
      clusters: [
        clusterTerms(cluster, {
          min_participants_per_group: options.minParticipants,
          min_assumed_colluders: options.assumedColluders,
          max_round_rho_units: rhoToBudgetUnits(plan.rho),
          budget_rho_units: rhoToBudgetUnits(budgetRho),
          unsafe_no_noise: options.unsafeNoNoise,
        }),
      ],
      committee: { candidates: members, size: options.committee, threshold: options.threshold },
      freshness: { max_age_ms: DAY_MS, grace_ms: 0 },
    }),
  );
  const roster = signRoster(authority, { version: 1, issuedAtMs: nowMs, notAfterMs: nowMs + DAY_MS, certificates });
  const current = signFreshness(authority, { policy, roster }, { issuedAtMs: nowMs, notAfterMs: nowMs + DAY_MS });
  writeFileSync(join(folder, 'policy.cbor'), signedMessage.encode(policy));
  writeFileSync(join(folder, 'freshness.cbor'), freshnessProofMessage.encode(current));
  writeFileSync(join(folder, 'roster.cbor'), signedMessage.encode(roster));
  writeFileSync(join(folder, 'authority.pub'), `${Buffer.from(authority.publicKey).toString('hex')}\n`);
  return { authority, cluster, routers, members, operator, budgetRho, folder };
}
