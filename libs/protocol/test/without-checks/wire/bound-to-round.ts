/** Without `box.bound` and `pad.bound`, boxes and keystreams are the same in every round and for every router. */
import { domainMessage, padContext } from '@secagg/crypto';
import { type Bytes, type PartyId, type RoundConfig } from '@secagg/schema';
import { type AnnouncedRound } from '../../../src/round/verified-round';
import { isSwitchedOff } from '../../support/switched-off';

const NOBODY = 'nobody' as PartyId;
const NOWHERE: Bytes = new Uint8Array(32);

export const boxAad = (round: AnnouncedRound, router: PartyId, member: number): Bytes =>
  isSwitchedOff('box.bound')
    ? domainMessage('box', NOWHERE, NOWHERE, NOBODY, member)
    : domainMessage('box', round.epoch.hash, round.configHash, router, member);

export function padOf({ suite, fleet, cluster, round }: RoundConfig, configHash: Bytes): AnnouncedRound['pad'] {
  const bound = padContext({ suite, fleet, cluster, round, configHash });
  const unbound = padContext({ suite, fleet, cluster, round: 1, configHash: NOWHERE });
  return (router) => (isSwitchedOff('pad.bound') ? unbound(NOBODY) : bound(router));
}
