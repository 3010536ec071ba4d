/** Crash points of the coordinator (apps/coordinator/src/failpoint.ts). */
import { type CoordinatorEvent } from '@secagg/protocol';
import { around, type CrashPoint, type Need } from './crash-point';

/**
 * Written where coordinators share a database only, which this test has none of (apps/coordinator/test/replicas.spec.ts
 * kills those), or by one that comes back from a backup (apps/coordinator/test/restored.spec.ts).
 */
type Elsewhere = 'contributions-listed' | 'round-released' | 'epochs-released' | 'restored';

/** Every event of its journal: the type makes a new one stop the build here. */
const events: Readonly<Record<Exclude<CoordinatorEvent['type'], Elsewhere>, Need>> = {
  'fleet-updated': 'fleet',
  'freshness-taken': 'fleet',
  'epoch-started': 'epoch',
  'seat-taken': 'epoch',
  'epoch-proposed': 'epoch',
  'epoch-signed': 'epoch',
  'round-announced': 'round',
  'contribution-accepted': 'round',
  'round-closed': 'round',
  'report-received': 'round',
  'round-proposed': 'round',
  'abort-proposed': 'abort',
  'vote-received': 'round',
  'transfer-received': 'transfer',
  'answer-received': 'round',
  'round-published': 'round',
  'round-undecided': 'undecided',
  'misbehaviour-proven': 'probe',
};

/** Its other writes. Rounds are released, and old transcripts removed, a second or two after they are over. */
const writes: Readonly<Record<string, Need>> = {
  migration: 'birth',
  'forget-nonces': 'start',
  'finish-round': 'round',
  'release-round': 'round',
  'prune-transcripts': 'round',
  'prune-records': 'round',
  'release-epochs': 'epoch',
  check: 'probe',
};

/** Operations by their ids in the OpenAPI document; the command compares the two lists. */
const operations: Readonly<Record<string, Need>> = {
  'post-contribution': 'round',
  'get-open-round': 'round',
  'get-work': 'round',
  'get-round-status': 'round',
  'get-views': 'round',
  'get-transcript': 'round',
  'post-report': 'round',
  'post-vote': 'round',
  'post-answer': 'round',
  'post-round': 'round',
  'post-transfer': 'transfer',
  'post-epoch': 'epoch',
  'post-seat': 'epoch',
  'post-epoch-signature': 'epoch',
  'put-fleet': 'fleet',
  'get-fleet': 'probe',
  'put-freshness': 'fleet',
  'get-freshness': 'probe',
  'get-current-epoch': 'probe',
  'get-catalogue': 'probe',
  'get-latest-round': 'probe',
  'get-signal': 'probe',
  'get-budget': 'probe',
  'get-decision': 'probe',
  'get-inclusion': 'probe',
  'get-suspicion': 'probe',
  'list-evidence': 'probe',
  'get-evidence': 'probe',
  'post-evidence': 'probe',
  'post-announcement': 'probe',
  'get-health': 'probe',
  'get-readiness': 'probe',
  'get-store-readiness': 'probe',
  'get-metrics': 'probe',
  'get-openapi': 'probe',
};

export const coordinatorOperations: readonly string[] = Object.keys(operations);

const point = (name: string, need: Need): CrashPoint => ({ role: 'coordinator', name, need });

export const coordinatorPoints: readonly CrashPoint[] = [
  ...Object.entries({ ...writes, ...events }).flatMap(([write, need]) =>
    around(write).map((name) => point(name, need)),
  ),
  ...Object.entries(operations).flatMap(([operation, need]) =>
    ['received', 'before-reply', 'after-reply'].map((moment) => point(`${moment}:${operation}`, need)),
  ),
];
