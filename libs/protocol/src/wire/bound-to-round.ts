/**
 * Boxes and keystreams belong to one router in one round: used anywhere else, a box does not open and a keystream is
 * another one.
 */
import { domainMessage, padContext } from '@secagg/crypto';
import { type Bytes, type PartyId, type RoundConfig } from '@secagg/schema';
import { type AnnouncedRound } from '../round/verified-round';

/** Binds a box to epoch, round, router and member. */
export const boxAad = (round: AnnouncedRound, router: PartyId, member: number): Bytes =>
  domainMessage('box', round.epoch.hash, round.configHash, router, member);

/** Keystreams of one router in one round, under one configuration of it. */
export const padOf = ({ suite, fleet, cluster, round }: RoundConfig, configHash: Bytes): AnnouncedRound['pad'] =>
  padContext({ suite, fleet, cluster, round, configHash });
