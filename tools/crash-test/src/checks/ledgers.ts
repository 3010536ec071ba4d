/** Ledgers against what the rounds' published configurations and sets say they must be. */
import { unitsToRho } from '@secagg/dp-noise';
import { roundCost, withNoise, worstCaseUnits } from '@secagg/protocol';
import { request } from 'undici';
import { type FinishedRound, insist, statusOf, type World } from '../world';

const LIMIT_MS = 30_000;
const PAGE = 1000;
/** Sums of the same units in floating point. */
const ROUNDING = 1e-9;

const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= ROUNDING * Math.max(1, Math.abs(b));

/** Entries that a router's ledger must have for a round it was charged for, as rho; null for a release. */
function expected(
  { outcome, config, sizes, participants }: FinishedRound,
  router: string,
): Record<string, number | null> {
  if (!config) return {};
  const charged = unitsToRho(worstCaseUnits(config));
  if (outcome === 'undecided') return { charged };
  if (participants.includes(router)) return { charged, corrected: unitsToRho(roundCost(config, sizes).units) };
  return { charged, released: null };
}

/** Each round charged at most once, at the worst case, and settled once, by what was decided. */
export async function checkRouterLedgers(world: World): Promise<void> {
  await Promise.all(world.fleet.routers.map((router) => checkRouterLedger(world, router)));
}

async function checkRouterLedger(world: World, router: string): Promise<void> {
  const { rounds, fail } = world;
  const history = await insist(
    `the ledger of ${router}`,
    LIMIT_MS,
    () => world.node(router)?.budgetHistory({ limit: PAGE }) ?? Promise.resolve(undefined),
  );
  const byRound = new Map<number, Record<string, number | null>>();
  for (const { round, kind, rho } of history.entries) {
    const entries = byRound.get(round) ?? {};
    byRound.set(round, entries);
    if (kind in entries) fail(`the ledger of ${router} has ${kind} twice for round ${round}`);
    entries[kind] = rho;
  }
  let spent = 0;
  for (const round of rounds.values()) {
    const entries = byRound.get(round.round);
    byRound.delete(round.round);
    const wanted = round.config && withNoise(round.config) ? expected(round, router) : {};
    if (entries) spent += entries.corrected ?? (entries.released === undefined ? (entries.charged ?? 0) : 0);
    // A router that was away has no entries; one that is in the result has been charged.
    if (!entries && !(round.participants.includes(router) && Object.keys(wanted).length > 0)) continue;
    if (JSON.stringify(Object.entries(entries ?? {}).sort()) !== JSON.stringify(Object.entries(wanted).sort())) {
      fail(
        `the ledger of ${router} has ${JSON.stringify(entries ?? {})} for round ${round.round} (${round.outcome}), instead of ${JSON.stringify(wanted)}`,
      );
    }
  }
  for (const round of byRound.keys())
    fail(`the ledger of ${router} has entries for round ${round}, which nobody else knows`);
  const status = await insist(`the status of ${router}`, LIMIT_MS, () => statusOf(world, router));
  if (status.privacy && !isClose(status.privacy.spent_rho, spent))
    fail(`${router} says that it has spent ${status.privacy.spent_rho} rho, and its entries add up to ${spent}`);
}

/** Announced rounds at their worst case, corrected to the set that was opened, given back on an abort. */
export async function checkCoordinatorLedger(world: World): Promise<void> {
  const { rounds, proxy, fleet, fail } = world;
  const figures = await insist('the ledger of the coordinator', LIMIT_MS, async () => {
    if (proxy.target === undefined) return undefined;
    const reply = await request(`${proxy.target}/v1/clusters/${fleet.cluster}/budget`);
    return (await reply.body.json()) as { rho: { spent: number }; rounds: number };
  });
  let spent = 0;
  for (const { outcome, config, sizes } of rounds.values()) {
    if (!config || !withNoise(config) || outcome === 'aborted') continue;
    spent += unitsToRho(outcome === 'published' ? roundCost(config, sizes).units : worstCaseUnits(config));
  }
  if (!isClose(figures.rho.spent, spent))
    fail(`the ledger of the coordinator says that ${figures.rho.spent} rho are spent, instead of ${spent}`);
}
