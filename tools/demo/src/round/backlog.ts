/** What each router has been given and no round has taken yet: the truth that a round's aggregate is compared with. */
import {
  type FederatedRewardSignal,
  type RewardObservation,
  signalFromObservations,
  type SignalHeader,
} from '@secagg/schema';

/** Row i goes to router i mod R; of a router's rows, each round gets its part in order. */
export function splitRows(
  rows: readonly RewardObservation[],
  routers: readonly string[],
  rounds: number,
): ReadonlyMap<string, readonly RewardObservation[]>[] {
  const perRouter = new Map(routers.map((id) => [id, [] as RewardObservation[]]));
  rows.forEach((row, i) => perRouter.get(routers[i % routers.length])?.push(row));
  return Array.from({ length: rounds }, (_, round) => {
    const part = (own: readonly RewardObservation[]) =>
      own.slice(Math.floor((own.length * round) / rounds), Math.floor((own.length * (round + 1)) / rounds));
    return new Map([...perRouter].map(([id, own]) => [id, part(own)]));
  });
}

export class Backlog {
  private readonly waiting = new Map<string, RewardObservation[]>();

  add(router: string, rows: readonly RewardObservation[]): void {
    const own = this.waiting.get(router) ?? [];
    for (const row of rows) own.push(row);
    this.waiting.set(router, own);
  }

  count(router: string): number {
    return this.waiting.get(router)?.length ?? 0;
  }

  /** The exact signal of what these routers had waiting, which a round has now taken. */
  take(participants: readonly string[], header: Omit<SignalHeader, 'participant_count'>): FederatedRewardSignal {
    const taken = participants.flatMap((id) => this.waiting.get(id) ?? []);
    for (const id of participants) this.waiting.delete(id);
    return signalFromObservations(taken, { ...header, participant_count: participants.length });
  }
}
