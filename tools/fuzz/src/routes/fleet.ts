/** A coordinator and a router-node on this machine, with an open round, and messages that they take. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoordinatorClient } from '@secagg/client';
import { generateIdentityKey } from '@secagg/crypto';
import {
  buildContribution,
  clusterTerms,
  createAuthority,
  type Identity,
  issueCertificate,
  policyTerms,
  signDocument,
  signFreshness,
  signPolicy,
  signRoster,
  verifyAnnouncement,
  verifyEpoch,
  verifyFleet,
} from '@secagg/protocol';
import {
  type Bytes,
  type ClusterHash,
  createClusterHash,
  fleetDocumentsMessage,
  freshnessProofMessage,
  openRoundMessage,
  operatorRequestMessage,
  type PartyId,
  type Role,
  roundConfigMessage,
  type Signed,
  signedMessage,
} from '@secagg/schema';
import { Service } from './service';

const DAY_MS = 86_400_000;
const UNLIMITED = Number.MAX_SAFE_INTEGER;
const EPOCH_TIMEOUT_MS = 30_000;
const random = (length: number) => new Uint8Array(randomBytes(length));

export interface Running {
  readonly coordinator: Service;
  readonly node: Service;
  readonly cluster: ClusterHash;
  readonly round: number;
  /** Encoded, by message type. */
  readonly messages: ReadonlyMap<string, readonly Bytes[]>;
  stop(): Promise<void>;
}

/** @param scripts folder of the built apps */
export async function startServices(scripts: string): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'secagg-fuzz-'));
  const services: Service[] = [];
  const stop = async () => {
    await Promise.all(services.map((service) => service.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return { ...(await start(folder, services, scripts)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(folder: string, services: Service[], scripts: string): Promise<Omit<Running, 'stop'>> {
  const nowMs = Date.now();
  const authority = createAuthority('fuzz', random);
  const cluster = createClusterHash('fuzz', 'fuzz');
  const certificates: Signed[] = [];
  const enrol = (id: string, roles: Role[]): Identity => {
    const { publicKey, secretKey } = generateIdentityKey(random);
    certificates.push(
      issueCertificate(authority, {
        id,
        roles,
        publicKey,
        organisation: 'fuzz',
        serial: certificates.length + 1,
        notBeforeMs: nowMs - DAY_MS,
        notAfterMs: nowMs + DAY_MS,
      }),
    );
    writeFileSync(join(folder, `${id}.key`), secretKey, { mode: 0o600 });
    return { id: id as PartyId, secretKey };
  };
  enrol('coordinator', ['coordinator']);
  enrol('member', ['committee', 'router']);
  const operator = enrol('operator', ['operator']);
  const routers = [enrol('router-0', ['router']), enrol('router-1', ['router'])];
  const policy = signPolicy(
    authority,
    policyTerms({
      issued_at_ms: nowMs,
      not_after_ms: nowMs + DAY_MS,
      clusters: [
        clusterTerms(cluster, {
          min_participants_per_group: 2,
          max_round_rho_units: UNLIMITED,
          budget_rho_units: UNLIMITED,
          privacy_units: ['request', 'router'],
        }),
      ],
      committee: { candidates: ['member' as PartyId], size: 1, threshold: 1 },
    }),
  );
  const roster = signRoster(authority, { version: 1, issuedAtMs: nowMs, notAfterMs: nowMs + DAY_MS, certificates });
  writeFileSync(join(folder, 'policy.cbor'), signedMessage.encode(policy));
  writeFileSync(join(folder, 'roster.cbor'), signedMessage.encode(roster));
  writeFileSync(join(folder, 'authority.pub'), Buffer.from(authority.publicKey).toString('hex'));
  writeFileSync(join(folder, 'store.key'), random(32), { mode: 0o600 });

  const launch = (name: string, app: string, settings: object): Service => {
    const dataDir = join(folder, `${name}-data`);
    mkdirSync(dataDir, { mode: 0o700 });
    const file = join(folder, `${name}.json`);
    writeFileSync(
      file,
      JSON.stringify({
        id: name,
        host: '127.0.0.1',
        port: 0,
        dataDir,
        authorityKeyFile: join(folder, 'authority.pub'),
        logLevel: 'info',
        ...settings,
      }),
    );
    const service = new Service(name, join(scripts, app, 'main.js'), file);
    services.push(service);
    return service;
  };
  const coordinator = launch('coordinator', 'coordinator', {
    identityKeyFile: join(folder, 'coordinator.key'),
    policyFile: join(folder, 'policy.cbor'),
    rosterFile: join(folder, 'roster.cbor'),
    // Every input is to be looked at: limits per caller would turn most of them away unread.
    limits: {
      perAddressPerSecond: 1_000_000,
      perAddressBurst: 10_000_000,
      perRouterPerSecond: 1_000_000,
      perRouterBurst: 10_000_000,
    },
    clusters: [
      {
        cluster,
        keys: ['m:t', 'm:u'],
        maxRequestsPerRouter: 1000,
        minParticipantsPerGroup: 2,
        maxParticipants: 8,
        privacy: { unit: 'request', rho: 0.1 },
        sendDelayMs: 0,
        durationMs: 3_600_000,
      },
    ],
  });
  const origin = `http://127.0.0.1:${await coordinator.port}`;
  const node = launch('member', 'router-node', {
    cluster,
    coordinatorUrl: origin,
    identityKeyFile: join(folder, 'member.key'),
    storeKeyFile: join(folder, 'store.key'),
    privacyUnit: 'router',
    maxObservations: 50_000,
  });
  await node.port;

  const client = new CoordinatorClient({ url: origin });
  try {
    for (
      const deadline = Date.now() + EPOCH_TIMEOUT_MS;
      !(await client.currentEpoch());
      await new Promise((resolve) => setTimeout(resolve, 50))
    ) {
      if (Date.now() > deadline) throw new Error('no epoch came about');
    }
    const request = signDocument(
      operatorRequestMessage,
      'fuzz',
      {
        v: 1,
        fleet: 'fuzz',
        operator: operator.id,
        nonce: random(16),
        issued_at_ms: nowMs,
        action: 'start-round',
        cluster,
      },
      operator.secretKey,
    );
    const open = await client.startRound(cluster, request);
    const view = verifyFleet(authority.publicKey, { policy, roster });
    const { round: number, round_time_ms } = roundConfigMessage.decode(open.announcement.body);
    const round = verifyAnnouncement(view, verifyEpoch(view, open.epoch_certificate, round_time_ms), open.announcement);
    const contributions = routers.map(
      (router) => buildContribution(round, router, new Float64Array(round.dimension), random, nowMs).bytes,
    );
    const terms = { issuedAtMs: nowMs, notAfterMs: nowMs + 3_600_000 };
    const statement = signFreshness(authority, { policy, roster }, terms);
    const messages = new Map<string, readonly Bytes[]>([
      ['contribution-body', contributions],
      ['open-round', [openRoundMessage.encode(open)]],
      ['signed', [signedMessage.encode(request)]],
      ['fleet-documents', [fleetDocumentsMessage.encode({ policy, roster })]],
      ['freshness-proof', [freshnessProofMessage.encode(statement)]],
    ]);
    return { coordinator, node, cluster, round: number, messages };
  } finally {
    await client.close();
  }
}
