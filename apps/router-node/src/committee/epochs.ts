/**
 * Epochs of this member: seats, signatures, certificates seen, and the erasure of secrets (docs/protocol.md, "Epochs").
 */
import {
  checkEpochReach,
  checkOf,
  epochsToErase,
  type EpochSecrets,
  signEpoch,
  takeSeat,
  verifyEpoch,
} from '@secagg/protocol';
import { type EpochCertificate, epochMessage, SecaggError, type WorkItem } from '@secagg/schema';
import { sending } from '../failpoint';
import { type Member, memberState } from './member';

/** Makes the epoch's keys, durable together with the seat they belong to, and sends the seat. */
export async function seat(
  member: Member,
  item: Extract<WorkItem, { kind: 'seat' }>,
  signal: AbortSignal,
): Promise<void> {
  const { policy, roster } = memberState(member).view;
  if (item.policy_version > policy.version || item.roster_version > roster.version) await member.fleet.refresh(signal);
  const { events, reply } = takeSeat(memberState(member), member.context, item, member.random, member.now());
  const made = events.flatMap((event) => (event.type === 'seat-made' ? [event] : []));
  const sealed = await Promise.all(
    made.map(async ({ epoch, secrets }) => [epoch, await member.store.secrets.seal(epoch, secrets)] as const),
  );
  const erased = events.flatMap((event) => (event.type === 'epoch-erased' ? [event.epoch] : []));
  member.store.journal.append(events, () => {
    for (const epoch of erased) member.store.secrets.remove(epoch);
    for (const [epoch, blob] of sealed) member.store.secrets.put(epoch, blob);
  });
  if (erased.length > 0) {
    member.store.purge();
    member.log.warn({ epochs: erased }, 'seats given up: too many epochs have not come about');
  }
  if (made.length > 0) member.log.info({ epoch: item.epoch }, 'seat taken');
  await sending('seat', () => member.contact.track(member.client.sendSeat(reply, { signal })));
}

export async function sign(
  member: Member,
  item: Extract<WorkItem, { kind: 'sign-epoch' }>,
  signal: AbortSignal,
): Promise<void> {
  const reply = member.store.journal.commit((state) => signEpoch(state, member.context, item.body, member.now()));
  await sending('epoch-signature', () => member.contact.track(member.client.sendEpochSignature(reply, { signal })));
}

/** Notes which epochs there are, and erases the secrets of those that are over. */
export class EpochKeeper {
  /** When each epoch was first seen replaced by a newer one, in this process. */
  private readonly replacedAtMs = new Map<number, number>();

  constructor(private readonly member: Member) {}

  /** Learns of a certificate, if it holds. */
  see(certificate: EpochCertificate): void {
    const { member } = this;
    const { epoch } = epochMessage.decode(certificate.body);
    const state = memberState(member);
    if (epoch <= state.highestEpoch) return;
    try {
      checkEpochReach(state, epoch);
      verifyEpoch(state.view, certificate, member.now());
    } catch (error) {
      if (!(error instanceof SecaggError)) throw error;
      member.metrics.messageRefused(error.code);
      member.log.warn(
        { epoch, code: error.code, check: checkOf(error), detail: error.message },
        'epoch certificate refused',
      );
      return;
    }
    member.store.journal.append([{ type: 'epoch-seen', epoch }]);
    member.log.info({ epoch }, 'epoch in force');
  }

  /** @returns epochs whose secrets are gone now */
  eraseDue(): number[] {
    const { member } = this;
    const state = memberState(member);
    const nowMs = member.now();
    for (const epoch of state.seats.keys()) {
      // A clock that was ahead must not make secrets stay for longer.
      if (epoch < state.highestEpoch)
        this.replacedAtMs.set(epoch, Math.min(nowMs, this.replacedAtMs.get(epoch) ?? nowMs));
    }
    const events = epochsToErase(state, this.replacedAtMs, member.config.epochGraceMs, nowMs);
    const erased = events.flatMap((event) => (event.type === 'epoch-erased' ? [event.epoch] : []));
    if (erased.length === 0) return [];
    member.store.journal.append(events, () => {
      for (const epoch of erased) member.store.secrets.remove(epoch);
    });
    member.store.purge();
    for (const epoch of erased) this.replacedAtMs.delete(epoch);
    member.log.info({ epochs: erased }, 'epoch secrets erased');
    return erased;
  }
}

/** Throws `no_seat` when the epoch's secrets are not here. */
export function secretsOf(member: Member, epoch: number): EpochSecrets {
  const secrets = memberState(member).seats.get(epoch)?.secrets;
  if (!secrets) throw new SecaggError('no_seat', `the secrets of epoch ${epoch} are not here`);
  return secrets;
}
