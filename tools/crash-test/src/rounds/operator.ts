/** What the fleet's operator asks of the coordinator, also while that is being killed. */
import { type FleetDocuments } from '@secagg/client';
import {
  type FreshnessProof,
  type RoundConfig,
  operatorRequestMessage,
  roundConfigMessage,
  type OpenRound,
  SecaggError,
} from '@secagg/schema';
import { signDocument } from '@secagg/protocol';
import { random } from '@secagg/testbed/random';
import { insist, type World } from '../world';

type Overrides = NonNullable<
  Extract<Parameters<typeof operatorRequestMessage.encode>[0], { action: 'start-round' }>['overrides']
>;

const START_LIMIT_MS = 60_000;
/**
 * Reasons for which a round or an epoch cannot start now, and can soon; `stale_round`: it was started, the answer was
 * lost, and it is over; `round_open`: the same, and it is not over yet.
 */
const soon: readonly string[] = ['committee_unavailable', 'duplicate', 'policy', 'round_open', 'stale_round'];

function sign(
  { fleet: { authority, operator, cluster } }: World,
  action: 'start-round' | 'start-epoch',
  overrides?: Overrides,
) {
  const head = {
    v: 1 as const,
    fleet: authority.fleet,
    operator: operator.id,
    nonce: random(16),
    issued_at_ms: Date.now(),
  };
  const request =
    action === 'start-epoch' ? { ...head, action } : { ...head, action, cluster, ...(overrides ? { overrides } : {}) };
  return signDocument(operatorRequestMessage, authority.fleet, request, operator.secretKey);
}

export interface StartedRound {
  readonly round: number;
  /** Absent when the answer was lost: then the round was found to have been announced all the same. */
  readonly open?: OpenRound;
  readonly config?: RoundConfig;
}

/** Starts the next round. A request whose answer was lost may have been carried out: then that round is the one. */
export async function startRound(world: World, overrides?: Overrides): Promise<StartedRound> {
  const { coordinator, fleet } = world;
  const latest = async (): Promise<number> => (await coordinator.latestRound(fleet.cluster))?.round ?? 0;
  const before = await insist('the latest round', START_LIMIT_MS, latest);
  return insist('a round started', START_LIMIT_MS, async () => {
    const now = await latest();
    if (now > before) return { round: now };
    try {
      const open = await coordinator.startRound(fleet.cluster, sign(world, 'start-round', overrides));
      const config = roundConfigMessage.decode(open.announcement.body);
      return { round: config.round, open, config };
    } catch (error) {
      if (error instanceof SecaggError && soon.includes(error.code)) return undefined;
      throw error;
    }
  });
}

/** Sets up a new epoch, and waits until it is in force. */
export async function renewEpoch(world: World): Promise<void> {
  const { coordinator } = world;
  const current = async () => (await coordinator.currentEpoch()) ?? { body: new Uint8Array() };
  const before = Buffer.from((await insist('the current epoch', START_LIMIT_MS, current)).body);
  await insist('the request for an epoch', START_LIMIT_MS, () =>
    coordinator.startEpoch(sign(world, 'start-epoch')).then(() => true),
  );
  await insist('a new epoch', START_LIMIT_MS, async () => !before.equals((await current()).body) || undefined);
}

/**
 * Hands the next policy and roster, and the statement that they are current, to every process, and waits until there is
 * an epoch under them.
 */
export async function renewFleet(world: World): Promise<void> {
  const { coordinator, fleet } = world;
  const documents = fleet.nextDocuments();
  const current = async () => (await coordinator.currentEpoch()) ?? { body: new Uint8Array() };
  const before = Buffer.from((await insist('the current epoch', START_LIMIT_MS, current)).body);
  await insist('new fleet documents', START_LIMIT_MS, () => coordinator.putFleet(documents).then(() => true));
  const statement = fleet.statement();
  await insist('a new statement', START_LIMIT_MS, () => coordinator.putFreshness(statement).then(() => true));
  await Promise.all(fleet.routers.map((id) => handIn(world, id, documents, statement)));
  await insist(
    'an epoch under the new policy',
    START_LIMIT_MS,
    async () => !before.equals((await current()).body) || undefined,
  );
}

/** To a node directly, which may be away or be killed at it. */
const handIn = ({ node }: World, id: string, documents: FleetDocuments, statement: FreshnessProof): Promise<boolean> =>
  insist(`new fleet documents at ${id}`, START_LIMIT_MS, async () => {
    const client = node(id);
    if (!client) return undefined;
    await client.putFleet(documents);
    await client.putFreshness(statement);
    return true;
  });
