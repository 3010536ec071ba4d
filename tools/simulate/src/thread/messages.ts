/** What the main thread and the helper thread of a simulation say to each other. */
import { type FleetDocuments, type MemberState, type RouterLimits } from '@secagg/protocol';
import { type Bytes, type EpochSignature, type Signed, type Vote } from '@secagg/schema';
import { type ChannelEnd } from './channel';
import { type GroupSum } from '../expected-sums';

interface PartyData {
  readonly id: string;
  readonly secretKey: Uint8Array;
}

/** What a helper is started with. */
export interface HelperData {
  readonly channel: ChannelEnd;
  readonly authorityKey: Bytes;
  readonly documents: FleetDocuments;
  readonly limits: RouterLimits;
  readonly routers: readonly PartyData[];
  /** With their seats in the epoch. */
  readonly members: readonly {
    readonly index: number;
    readonly party: PartyData;
    readonly seats: MemberState['seats'];
  }[];
  readonly requestsPerRouter: number;
  readonly trafficSeed: number;
  readonly seed?: string;
}

/** A call that a member made to the coordinator. */
export type CommitteeCall =
  | { readonly method: 'takeSeat'; readonly args: readonly [Signed, number] }
  | { readonly method: 'takeEpochSignature'; readonly args: readonly [EpochSignature, number] }
  | { readonly method: 'takeReport'; readonly args: readonly [string, Signed] }
  | { readonly method: 'takeVote'; readonly args: readonly [string, Vote, number] }
  | { readonly method: 'takeTransfer'; readonly args: readonly [string, Signed] }
  | { readonly method: 'takeAnswer'; readonly args: readonly [string, Bytes, number] };

export type ToHelper =
  | {
      readonly kind: 'contribute';
      readonly key: string;
      readonly open: Bytes;
      readonly routers: readonly string[];
      readonly nowMs: number;
    }
  | { readonly kind: 'receipt'; readonly router: string; readonly receipt: Signed }
  | {
      readonly kind: 'work';
      readonly member: number;
      readonly work: Bytes;
      readonly views?: Bytes;
      readonly nowMs: number;
    }
  | { readonly kind: 'forget'; readonly key: string }
  | { readonly kind: 'end' };

export type FromHelper =
  | { readonly kind: 'contribution'; readonly router: string; readonly bytes: Bytes }
  | {
      readonly kind: 'contributed';
      readonly sums: readonly GroupSum[];
      readonly cpuMs: { readonly router: number; readonly build: number };
    }
  | { readonly kind: 'failed'; readonly problem: string }
  | { readonly kind: 'worked'; readonly calls: readonly CommitteeCall[]; readonly cpuMs: number };
