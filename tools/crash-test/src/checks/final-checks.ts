/** What must hold once nothing is killed any more and everything has settled. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type FinishedRound, insist, statusOf, type World } from '../world';
import { readRound } from '../rounds/read-round';
import { checkCoordinatorLedger, checkRouterLedgers } from './ledgers';

const SETTLE_LIMIT_MS = 60_000;

/** Reports every failure to the world. */
export async function finalChecks(world: World): Promise<void> {
  await settled(world);
  checkBatches(world);
  checkParticipations(world);
  await checkRouterLedgers(world);
  await checkCoordinatorLedger(world);
  checkReceipts(world);
  await checkUnchanged(world);
  await checkRouterResults(world);
  await auditByCommand(world);
}

const isUndecided = ({ rounds }: World): boolean => [...rounds.values()].some(({ outcome }) => outcome === 'undecided');

/** Every router has settled all its rounds, but those without an outcome, whose observations it must keep to itself. */
async function settled(world: World): Promise<void> {
  const { fleet, backlog, fail } = world;
  for (const router of fleet.routers) {
    const held = backlog
      .waiting(router)
      .filter(({ isSignal }) => !isSignal)
      .reduce((sum, { observations }) => sum + observations.length, 0);
    const last = await insist(`${router} settled`, SETTLE_LIMIT_MS, async () => {
      const status = await statusOf(world, router);
      return status &&
        (status.observations.taken === 0 || isUndecided(world)) &&
        !status.participations.some(({ state }) => state === 'prepared' || state === 'sent')
        ? status
        : undefined;
    });
    const { waiting, taken } = last.observations;
    if (waiting + taken !== held)
      fail(`${router} holds ${waiting} observations and ${taken} in rounds, instead of ${held}`);
    if (last.receipts_not_honoured.length > 0)
      fail(
        `${router} has receipts that were not honoured for ${last.receipts_not_honoured.map(({ round }) => round).join(', ')}`,
      );
  }
}

/** Batches that no round has published can only be those that rounds without an outcome have taken. */
function checkBatches(world: World): void {
  const { backlog, fail } = world;
  if (isUndecided(world)) return;
  for (const { id, publishedIn } of backlog.batches) if (publishedIn === undefined) fail(`batch ${id} is in no round`);
}

/** Every router knows its part in every round, as its transcript has it: none has forgotten what it sent. */
function checkParticipations({ fleet, rounds, participations, fail }: World): void {
  for (const router of fleet.routers) {
    for (const { round, outcome, participants } of rounds.values()) {
      const said = participations.get(router)?.get(round);
      const included = participants.includes(router);
      const possible = included ? ['included'] : [undefined, ...(outcome === 'published' ? ['left_out'] : [outcome])];
      if (!possible.includes(said))
        fail(
          `${router} says that it is ${said ?? 'not'} in round ${round}, which is ${outcome} ${included ? 'with' : 'without'} it`,
        );
    }
  }
}

/** Whatever receipt has left the coordinator, the contribution is in the published round. */
function checkReceipts({ witness, rounds, fail }: World): void {
  for (const { round, router, headerHash } of witness.receipts.values()) {
    const finished = rounds.get(round);
    if (!finished) fail(`a receipt for round ${round} was given, which nobody else knows`);
    else if (finished.outcome === 'published' && !finished.listed.has(headerHash))
      fail(`the acknowledged contribution of ${router} is missing in round ${round}`);
  }
}

/**
 * Rounds are as they were when they were first read, and have at least the contributions that were acknowledged,
 * whatever became of them.
 */
async function checkUnchanged(world: World): Promise<void> {
  const { fleet, coordinator, rounds, witness, fail } = world;
  for (const before of rounds.values()) {
    const { round } = before;
    const status = await insist(`the status of round ${round}`, SETTLE_LIMIT_MS, () =>
      coordinator.roundStatus(fleet.cluster, round),
    );
    if (status.phase !== before.outcome) fail(`round ${round} was ${before.outcome}, and is ${status.phase} now`);
    const acknowledged = [...witness.receipts.values()].filter((receipt) => receipt.round === round).length;
    if (status.contributions < acknowledged)
      fail(`round ${round} has ${status.contributions} contributions, and ${acknowledged} were acknowledged`);
    const now: FinishedRound = await readRound(world, status, before.config);
    if (now.decision !== before.decision || !isDeepStrictEqual(now.result, before.result))
      fail(`round ${round} was decided, and is decided differently now`);
  }
}

const latestPublished = ({ rounds }: World): FinishedRound | undefined =>
  [...rounds.values()].filter(({ result }) => result).at(-1);

/** Every router has verified the latest round by itself, and found the same. */
async function checkRouterResults(world: World): Promise<void> {
  const latest = latestPublished(world);
  if (!latest) return;
  await Promise.all(
    world.fleet.routers.map(async (router) => {
      const own = await insist(`${router} has round ${latest.round}`, SETTLE_LIMIT_MS, async () => {
        const signal = await world.node(router)?.signal();
        return signal && signal.signal.aggregation_round >= latest.round ? signal : undefined;
      });
      if (!isDeepStrictEqual(own.signal, latest.result?.signal))
        world.fail(`${router} has another result of round ${latest.round}`);
    }),
  );
}

/** `secagg audit`, as anybody would call it. */
async function auditByCommand({ scripts, fleet, proxy, rounds, fail }: World): Promise<void> {
  for (const { round, outcome } of [...rounds.values()].slice(-1)) {
    if (outcome === 'undecided') continue;
    const args = [
      scripts.cli,
      'audit',
      proxy.url,
      '--cluster',
      fleet.cluster,
      '--round',
      String(round),
      '--authority',
      join(fleet.folder, 'authority.pub'),
    ];
    const said = await new Promise<string | undefined>((resolve) => {
      execFile(process.execPath, args, (error, _out, text) => resolve(error ? text : undefined));
    });
    if (said !== undefined) fail(`secagg audit does not verify round ${round}: ${said}`);
  }
}
