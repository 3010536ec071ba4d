/** The configuration files of the processes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CrashFleet } from './crash-fleet';
import {
  DURATION_MS,
  fleetTerms,
  keyOf,
  LATENCY_BOUND_S,
  MAX_REQUESTS_PER_ROUTER,
  SEND_DELAY_MS,
  SLOTS,
  UNITS_PER_REQUEST,
} from './terms';

export const dataDir = (fleet: Pick<CrashFleet, 'folder'>, name: string): string => join(fleet.folder, 'data', name);

function write(fleet: CrashFleet, name: string, settings: object): string {
  // The folder itself is the process's to make.
  mkdirSync(dirname(dataDir(fleet, name)), { recursive: true, mode: 0o700 });
  const file = join(fleet.folder, `${name}.json`);
  writeFileSync(
    file,
    JSON.stringify(
      {
        id: name,
        host: '127.0.0.1',
        port: 0,
        dataDir: dataDir(fleet, name),
        authorityKeyFile: join(fleet.folder, 'authority.pub'),
        logLevel: 'debug',
        ...settings,
      },
      null,
      2,
    ),
  );
  return file;
}

export function writeCoordinatorConfig(fleet: CrashFleet): string {
  const { noise, privacyUnit, minParticipants, rho, undecidedTimeoutMs } = fleetTerms(fleet.kind);
  const keys = fleet.routers
    .flatMap((router) => Array.from({ length: SLOTS }, (_, slot) => keyOf(router, slot)))
    .map(({ model, task }) => `${model}:${task}`);
  return write(fleet, 'coordinator', {
    identityKeyFile: fleet.keyFile('coordinator'),
    policyFile: join(fleet.folder, 'policy.cbor'),
    rosterFile: join(fleet.folder, 'roster.cbor'),
    freshnessFile: join(fleet.folder, 'freshness.cbor'),
    epochSetupTimeoutMs: 8000,
    clusters: [
      {
        cluster: fleet.cluster,
        keys,
        fields: { latencyBoundSeconds: LATENCY_BOUND_S, unitsPerRequest: UNITS_PER_REQUEST },
        maxRequestsPerRouter: MAX_REQUESTS_PER_ROUTER,
        minParticipantsPerGroup: minParticipants,
        maxParticipants: fleet.routers.length,
        sendDelayMs: SEND_DELAY_MS,
        durationMs: DURATION_MS,
        privacy: {
          unit: privacyUnit,
          rho: noise ? rho : 'unsafe-none',
          ...(privacyUnit === 'router' ? { routerClipNorm: 2 ** 40 } : {}),
        },
      },
    ],
    timings: { reportGraceMs: 400, answerGraceMs: 700, proposalTimeoutMs: undecidedTimeoutMs / 4, undecidedTimeoutMs },
    finishedRoundRetentionMs: 4000,
  });
}

/** @param coordinatorUrl where the coordinator is reached, also after it has been restarted */
export function writeNodeConfig(fleet: CrashFleet, id: string, coordinatorUrl: string): string {
  const { noise, privacyUnit, minParticipants, leastParticipants, assumedColluders, maxRoundRho, budgetRho } =
    fleetTerms(fleet.kind);
  const isLast = id === fleet.routers[fleet.routers.length - 1];
  return write(fleet, id, {
    cluster: fleet.cluster,
    coordinatorUrl,
    identityKeyFile: fleet.keyFile(id),
    ...(fleet.members.some((member) => member === id) ? { storeKeyFile: fleet.storeKeyFile(id) } : {}),
    privacyUnit,
    maxRoundRho,
    budgetRho,
    minHonestPerGroup: (isLast ? minParticipants : leastParticipants) - assumedColluders,
    unsafeNoNoise: !noise,
    pollWaitMs: 2000,
    retryMaxMs: 250,
    // Rounds are short, and there is little to prepare.
    prepareMs: 300,
    sendSpreadMs: 100,
    epochGraceMs: 2500,
    eventsPerSnapshot: 9,
  });
}
