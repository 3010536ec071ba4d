/** Gives the routers something to report, as their own software would: again and again until it is acknowledged. */
import { setTimeout as pause } from 'node:timers/promises';
import { signalFromObservations } from '@secagg/schema';
import { fleetTerms } from '../fleet/terms';
import { insist, statusOf, type World } from '../world';
import { type Batch } from './backlog';

const POST_LIMIT_MS = 60_000;
const SETTLE_LIMIT_MS = 1500;

/** A batch for every router that has a slot free. Returns when all are acknowledged. */
export async function postBatches(world: World): Promise<void> {
  const { fleet, draw, backlog } = world;
  const { batch: sizes } = fleetTerms(fleet.kind);
  const batches = fleet.routers.flatMap((router) => backlog.draw(draw, router, sizes) ?? []);
  await Promise.all(batches.map((batch) => post(world, batch)));
}

/** A ready-made signal for each router that has none waiting. A second one would replace it. */
export async function putSignals(world: World): Promise<void> {
  const { fleet, draw, backlog } = world;
  const { batch: sizes } = fleetTerms(fleet.kind);
  const without = fleet.routers.filter((router) => !backlog.waiting(router).some(({ isSignal }) => isSignal));
  await Promise.all(
    without.map(async (router) => {
      const batch = backlog.draw(draw, router, sizes, true);
      if (!batch) return;
      const header = { aggregation_round: 1, cluster_hash: fleet.cluster, timestamp: new Date().toISOString() };
      const signal = signalFromObservations(batch.observations, header);
      await insist(`a signal for ${router}`, POST_LIMIT_MS, async () => {
        await world.node(router)?.putSignal(signal);
        return world.node(router) ? true : undefined;
      });
      batch.acknowledged = true;
    }),
  );
}

async function post(world: World, batch: Batch): Promise<void> {
  await insist(
    `batch ${batch.id} accepted`,
    POST_LIMIT_MS,
    () =>
      world.node(batch.router)?.postObservations(batch.observations, { idempotencyKey: batch.id }) ??
      Promise.resolve(undefined),
  );
  batch.acknowledged = true;
}

/**
 * Looks whether the routers have settled what came before, for a moment: those that have hold nothing back from the
 * next round.
 */
export async function awaitSettled(world: World): Promise<void> {
  const { fleet, backlog } = world;
  await Promise.all(
    fleet.routers.map(async (router) => {
      for (const deadline = Date.now() + SETTLE_LIMIT_MS; Date.now() < deadline; await pause(60)) {
        const status = await statusOf(world, router).catch(() => undefined);
        if (
          status?.observations.taken !== 0 ||
          status.participations.some(({ state }) => state === 'prepared' || state === 'sent')
        )
          continue;
        for (const batch of backlog.waiting(router)) batch.mayBeHeld = false;
        return;
      }
    }),
  );
}
