import { type FederatedRewardSignal } from '@secagg/schema';

const isUsable = (signal: FederatedRewardSignal): boolean => Object.keys(signal.reward_signals).length > 0;

/**
 * The signal that the coordinator and all routers give out: that of the newest published round. One in which every key
 * is withheld takes the place of no other (docs/protocol.md, "The signal").
 */
export class ServedSignal {
  private latest: FederatedRewardSignal | undefined;

  /** @returns what is given out after a round with this signal */
  after(signal: FederatedRewardSignal): FederatedRewardSignal {
    if (this.latest === undefined || isUsable(signal) || !isUsable(this.latest)) this.latest = signal;
    return this.latest;
  }
}
