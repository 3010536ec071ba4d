/** One round, from what the routers are given to its verdict, whatever dies meanwhile. */
import { type RoundStatus } from '@secagg/schema';
import { attribute } from './attribute';
import { differences } from './compare';
import { signalFromObservations } from '@secagg/schema';
import { awaitSettled, postBatches, putSignals } from './post';
import { startRound } from './operator';
import { sabotage } from './sabotage';
import { readRound } from './read-round';
import { fleetTerms } from '../fleet/terms';
import { insist, subject, type World } from '../world';

export type RoundKind = 'ordinary' | 'abort' | 'transfer' | 'observe' | 'signal' | 'undecided' | 'drain';

const ROUND_LIMIT_MS = 150_000;

const overridesOf = ({ fleet }: World, kind: RoundKind) => {
  const { leastParticipants } = fleetTerms(fleet.kind);
  const all = fleet.routers.length;
  switch (kind) {
    case 'abort':
      return { min_participants_per_group: all + 2, max_participants: all + 2, duration_ms: 900 };
    case 'transfer':
      return { max_participants: all + 1 };
    case 'observe':
      return { min_participants_per_group: leastParticipants, max_participants: all - 1 };
    default:
      return undefined;
  }
};

/** Plays a round and judges it. Throws when it does not come to an end. */
export async function playRound(world: World, kind: RoundKind): Promise<void> {
  const { fleet, backlog, rounds, fail } = world;
  await awaitSettled(world);
  if (kind === 'signal') await putSignals(world);
  else if (kind !== 'drain') await postBatches(world);
  const due = backlog.batches.filter(({ acknowledged, publishedIn }) => acknowledged && publishedIn === undefined);
  const started = await startRound(world, overridesOf(world, kind));
  const { round } = started;
  if (kind === 'transfer' && started.open) await sabotage(world, started.open);
  if (kind === 'undecided') await starve(world, round);
  const status = await untilFinal(world, round);
  const finished = await readRound(world, status, started.config ?? world.witness.configs.get(round));
  rounds.set(round, finished);
  if (finished.result) {
    const { included, problems } = attribute(fleet.kind, backlog, fleet.routers, round, finished.result, due);
    const { timestamp } = finished.result.signal;
    const truth = signalFromObservations(
      included.flatMap(({ observations }) => observations),
      {
        aggregation_round: round,
        cluster_hash: fleet.cluster,
        timestamp,
        participant_count: finished.participants.length,
      },
    );
    for (const problem of [...problems, ...differences(finished.result, truth)]) fail(`round ${round}: ${problem}`);
  }
  // Until they are seen to have settled it, routers that have sent something may still keep it back from the next
  // round.
  for (const batch of due)
    if (batch.publishedIn === undefined && world.witness.contributions.get(batch.router)?.has(round))
      batch.mayBeHeld = true;
}

const FINAL: readonly string[] = ['published', 'aborted', 'undecided'];

const untilFinal = ({ coordinator, fleet, subjects }: World, round: number): Promise<RoundStatus> =>
  insist(`round ${round} over`, ROUND_LIMIT_MS, async () => {
    const status = await coordinator.roundStatus(fleet.cluster, round, { waitMs: 2000 });
    return status && FINAL.includes(status.phase) ? status : undefined;
  }).catch((error: unknown) => {
    const last = subjects.get('coordinator')?.lastWords() ?? '';
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${last}`);
  });

/** Keeps too much of the committee away to decide anything, until the coordinator has given the round up. */
async function starve(world: World, round: number): Promise<void> {
  const away = world.fleet.members.slice(0, 2);
  await Promise.all(away.map((id) => subject(world, id).kill()));
  try {
    await untilFinal(world, round);
  } finally {
    await Promise.all(away.map((id) => subject(world, id).start()));
  }
}
