/** A coordinator and a router-node on this machine, with an open round, and messages that they take. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoordinatorClient } from '@secagg/client';
import { buildContribution, clusterTerms, signDocument, verifyAnnouncement, verifyEpoch } from '@secagg/protocol';
import {
  type Bytes,
  type ClusterHash,
  fleetDocumentsMessage,
  freshnessProofMessage,
  openRoundMessage,
  operatorRequestMessage,
  roundConfigMessage,
  signedMessage,
} from '@secagg/schema';
import { FleetFolder } from '@secagg/testbed/fleet';
import { ServiceProcess } from '@secagg/testbed/processes';
import { random } from '@secagg/testbed/random';

const UNLIMITED = Number.MAX_SAFE_INTEGER;
const EPOCH_TIMEOUT_MS = 30_000;

export interface Running {
  readonly coordinator: ServiceProcess;
  readonly node: ServiceProcess;
  readonly cluster: ClusterHash;
  readonly round: number;
  /** Encoded, by message type. */
  readonly messages: ReadonlyMap<string, readonly Bytes[]>;
  stop(): Promise<void>;
}

/** @param scripts folder of the built apps */
export async function startServices(scripts: string): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'secagg-fuzz-'));
  const services: ServiceProcess[] = [];
  const stop = async () => {
    await Promise.all(services.map((service) => service.kill()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return { ...(await start(folder, services, scripts)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(folder: string, services: ServiceProcess[], scripts: string): Promise<Omit<Running, 'stop'>> {
  const nowMs = Date.now();
  const fleet = new FleetFolder({ name: 'fuzz', folder });
  const { cluster } = fleet;
  fleet.enrol('coordinator', ['coordinator']);
  const member = fleet.enrol('member', ['committee', 'router']);
  fleet.writeStoreKey(member.id);
  const operator = fleet.certify('operator', ['operator']);
  const routers = ['router-0', 'router-1'].map((id) => fleet.certify(id, ['router']));
  fleet.signDocuments({
    clusters: [
      clusterTerms(cluster, {
        min_participants_per_group: 2,
        max_round_rho_units: UNLIMITED,
        budget_rho_units: UNLIMITED,
        privacy_units: ['request', 'router'],
      }),
    ],
    committee: { candidates: [member.id], size: 1, threshold: 1 },
  });
  fleet.writeDocuments();

  const launch = (name: string, app: string, settings: object): ServiceProcess => {
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
        authorityKeyFile: fleet.at('authority.pub'),
        logLevel: 'info',
        ...settings,
      }),
    );
    const service = new ServiceProcess({
      name,
      script: join(scripts, app, 'main.js'),
      environment: { SECAGG_CONFIG: file },
    });
    services.push(service);
    return service;
  };
  const coordinator = launch('coordinator', 'coordinator', {
    identityKeyFile: fleet.keyFile('coordinator'),
    policyFile: fleet.at('policy.cbor'),
    rosterFile: fleet.at('roster.cbor'),
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
  const origin = await coordinator.url;
  const node = launch('member', 'router-node', {
    cluster,
    coordinatorUrl: origin,
    identityKeyFile: fleet.keyFile('member'),
    storeKeyFile: fleet.storeKeyFile('member'),
    privacyUnit: 'router',
    maxObservations: 50_000,
  });
  await node.url;

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
    const { view } = fleet;
    const { round: number, round_time_ms } = roundConfigMessage.decode(open.announcement.body);
    const round = verifyAnnouncement(view, verifyEpoch(view, open.epoch_certificate, round_time_ms), open.announcement);
    const contributions = routers.map(
      (router) => buildContribution(round, router, new Float64Array(round.dimension), random, nowMs).bytes,
    );
    const messages = new Map<string, readonly Bytes[]>([
      ['contribution-body', contributions],
      ['open-round', [openRoundMessage.encode(open)]],
      ['signed', [signedMessage.encode(request)]],
      ['fleet-documents', [fleetDocumentsMessage.encode(fleet.documents)]],
      ['freshness-proof', [freshnessProofMessage.encode(fleet.statement())]],
    ]);
    return { coordinator, node, cluster, round: number, messages };
  } finally {
    await client.close();
  }
}
