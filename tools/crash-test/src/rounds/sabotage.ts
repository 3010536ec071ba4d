/** A contribution whose box for one member opens to nothing: others have to pass that member its seeds. */
import { setTimeout as pause } from 'node:timers/promises';
import { buildContribution, verifyAnnouncement, verifyEpoch, verifyFleet } from '@secagg/protocol';
import { type OpenRound, SecaggError } from '@secagg/schema';
import { random } from '@secagg/testbed/random';
import { insist, type World } from '../world';

/** The member that most pieces are assigned to first. */
const VICTIM = 0;

/** Sends zeros in the name of the saboteur. Without effect when the round is over before. */
export async function sabotage(world: World, open: OpenRound): Promise<void> {
  const { fleet, coordinator } = world;
  const documents = await insist('the fleet documents', 30_000, () => coordinator.fleet());
  const view = verifyFleet(fleet.authority.publicKey, documents);
  const nowMs = Date.now();
  const round = verifyAnnouncement(view, verifyEpoch(view, open.epoch_certificate, nowMs), open.announcement);
  const { body: epoch } = round.epoch;
  // Sealed to the key of another member, and named as the victim's: valid in all that everybody can see.
  const members = epoch.members.map((member, index) =>
    index === VICTIM ? { ...member, kem_key: epoch.members[VICTIM + 1].kem_key } : member,
  );
  const altered = { ...round, epoch: { ...round.epoch, body: { ...epoch, members } } };
  const { bytes } = buildContribution(altered, fleet.saboteur, new Float64Array(round.dimension), random, nowMs);
  const { cluster, round: number, deadline_ms } = round.config;
  while (Date.now() < deadline_ms) {
    try {
      await coordinator.contribute(cluster, number, bytes);
      return;
    } catch (error) {
      if (!(error instanceof SecaggError)) throw error;
      if (error.code !== 'unavailable') return;
    }
    await pause(40);
  }
}
