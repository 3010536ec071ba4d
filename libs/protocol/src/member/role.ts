/**
 * A committee member as its engine knows it: how its state begins, changes, and is written, always without its secrets,
 * and read back.
 */
import { reportMessage, SecaggError, type Signed, type Vote } from '@secagg/schema';
import { type FleetDocuments, verifyFleet } from '../fleet/fleet-view';
import { restoredProof, restoreView, storedProof, storedView } from '../fleet/stored-view';
import { type Role } from '../role';
import { emptyMember, type EpochSecrets, type MemberEvent, type MemberRound, type MemberState } from './state';
import { memberRoundTransitions, seatTransitions } from './transitions';
import { evolveMember } from './evolve';

interface MemberSnapshot {
  documents: FleetDocuments[];
  /** Encoded. Absent before there was one, and in snapshots of earlier releases. */
  freshness?: Uint8Array;
  highestEpoch: number;
  seats: [number, { seat: Signed; signedBody?: Uint8Array; madeAtMs?: number }][];
  /** Absent in snapshots of earlier releases. */
  usedEpochs?: number[];
  rounds: [string, { epoch: number; report?: Signed; vote?: Vote; proposal?: Signed; answered?: Uint8Array }][];
}

/** @param authorityKey Ed25519 public key that the stored fleet documents must be signed by */
export function memberRole(authorityKey: Uint8Array): Role<MemberState, MemberEvent> {
  return {
    transitions: { seat: seatTransitions, round: memberRoundTransitions },
    evolve: evolveMember,
    begin: (event) => {
      if (event.type !== 'fleet-updated')
        throw new SecaggError('internal', "the journal does not begin with the fleet's documents");
      return emptyMember(verifyFleet(authorityKey, event.documents));
    },
    record: withoutSecrets,
    snapshot: (state): MemberSnapshot => ({
      documents: storedView(state.view),
      ...storedProof(state),
      highestEpoch: state.highestEpoch,
      seats: [...state.seats].map(([epoch, { secrets: _secrets, ...seat }]) => [epoch, seat]),
      usedEpochs: [...state.usedEpochs],
      rounds: [...state.rounds].map(([key, { epoch, report, vote, proposal, answered }]) => [
        key,
        {
          epoch,
          ...(answered ? { answered } : {}),
          ...(proposal ? { proposal } : {}),
          ...(report ? { report: report.signed } : {}),
          ...(vote ? { vote } : {}),
        },
      ]),
    }),
    restore: (value) => {
      const snapshot = value as MemberSnapshot;
      return {
        view: restoreView(authorityKey, snapshot.documents),
        ...restoredProof(snapshot),
        highestEpoch: snapshot.highestEpoch,
        usedEpochs: new Set(snapshot.usedEpochs),
        seats: new Map(snapshot.seats),
        rounds: new Map(snapshot.rounds.map(([key, round]) => [key, restoreRound(round)])),
      };
    },
  };
}

function restoreRound({ epoch, answered, report, vote, proposal }: MemberSnapshot['rounds'][number][1]): MemberRound {
  // Before a member kept the decision it had answered it kept only that it had.
  return {
    epoch,
    ...(proposal ? { proposal } : {}),
    ...(answered instanceof Uint8Array ? { answered } : {}),
    ...(report ? { report: { signed: report, report: reportMessage.decode(report.body) } } : {}),
    ...(vote ? { vote } : {}),
  };
}

/** The secrets go to their own table, sealed; read back, the seat has none until they are put in. */
function withoutSecrets(event: MemberEvent): unknown {
  if (event.type !== 'seat-made') return event;
  const { secrets: _secrets, ...rest }: MemberEvent & { secrets: EpochSecrets } = event;
  return rest;
}
