/**
 * What the members are shown of a closed round. All of them ask at the same time, right after the close: so each
 * contribution is read and decoded once for all, and only the parts that are shown are kept, until the round is over.
 */
import { acceptedParts, type RoundState } from '@secagg/protocol';
import { type Contribution, type MemberIndex, type MemberViews, type PartyId, SecaggError } from '@secagg/schema';
import { type RoundStore } from '../store/store';
import { isFinal } from './phases';

type Shown = Pick<Contribution, 'commitments' | 'boxes'>;

export class ViewSource {
  private readonly shown = new Map<string, Promise<Map<PartyId, Shown>>>();

  constructor(private readonly store: Pick<RoundStore, 'contributions'>) {}

  /** Throws `stale_round` before the close and `no_seat` for no member. */
  async views(key: string, round: RoundState, member: MemberIndex): Promise<MemberViews> {
    const { config, epoch } = round.verified;
    if (!round.headersRoot)
      throw new SecaggError('stale_round', 'the round is not closed yet', { round: config.round });
    if (member >= epoch.size) throw new SecaggError('no_seat', `epoch ${config.epoch} has no member ${member}`);
    const shown = await this.shownOf(key);
    if (isFinal(round.phase)) this.forget(key);
    const views = round.headers.map(({ header, signed }) => {
      const parts = shown.get(header.router);
      if (!parts) throw new SecaggError('internal', 'an accepted contribution is not stored', { party: header.router });
      return { header: signed, commitments: parts.commitments, box: parts.boxes[member] };
    });
    return { cluster: config.cluster, round: config.round, member, views };
  }

  forget(key: string): void {
    this.shown.delete(key);
  }

  private shownOf(key: string): Promise<Map<PartyId, Shown>> {
    const held = this.shown.get(key);
    if (held) return held;
    const reading = this.read(key);
    this.shown.set(key, reading);
    reading.catch(() => this.forget(key));
    return reading;
  }

  private async read(key: string): Promise<Map<PartyId, Shown>> {
    const shown = new Map<PartyId, Shown>();
    for await (const { router, bytes } of this.store.contributions(key)) {
      const { commitments, boxes } = acceptedParts(bytes);
      shown.set(router, { commitments, boxes });
    }
    return shown;
  }
}
