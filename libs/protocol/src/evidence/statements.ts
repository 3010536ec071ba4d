/**
 * What a party signs once, by kind of evidence: which key it signs with, and what two of its statements must share to
 * be one too many.
 */
import {
  answerMessage,
  type Bytes,
  epochMessage,
  type EvidenceKind,
  headerMessage,
  type Message,
  proposalMessage,
  receiptMessage,
  reportMessage,
  type Role,
  roundConfigMessage,
  seatMessage,
  voteBodyMessage,
} from '@secagg/schema';
import { hex } from '../wire/bytes';

/** The role that says such things. */
type Speaker = Extract<Role, 'router' | 'committee' | 'coordinator'>;

/** Where a statement belongs. */
export interface Occasion {
  readonly cluster?: string;
  readonly round?: number;
  readonly epoch?: number;
}

interface Opened {
  /** The party that speaks, where the body says so; otherwise whose key it is decides. */
  readonly party?: string;
  /** Equal for statements of which there may be one. */
  readonly slot: string;
  readonly occasion: Occasion;
}

interface StatementKind {
  readonly message: Message<unknown>;
  /** `identity`: the certificate's key. `vote`: the key of the epoch's seat. */
  readonly key: 'identity' | 'vote';
  readonly role: Speaker;
  /** Whether a party that has only lost its disk can come to sign such things twice. */
  readonly byAccident: boolean;
  readonly open: (body: Bytes) => Opened;
}

const kind = <T>(
  message: Message<T>,
  terms: Pick<StatementKind, 'key' | 'role' | 'byAccident'>,
  read: (body: T) => Opened,
): StatementKind => ({
  message: message,
  ...terms,
  open: (body) => read(message.decode(body)),
});

const seated = { key: 'identity', role: 'committee', byAccident: true } as const;
const voting = { key: 'vote', role: 'committee', byAccident: false } as const;
const contributing = { key: 'identity', role: 'router', byAccident: true } as const;
const coordinating = { key: 'identity', role: 'coordinator', byAccident: false } as const;

const slot = (...parts: readonly (string | number | Bytes)[]): string =>
  JSON.stringify(parts.map((part) => (part instanceof Uint8Array ? hex(part) : part)));
const inRound = ({ cluster, round }: { cluster: string; round: number }): Occasion => ({ cluster, round });
const answers = kind(answerMessage, voting, (body) => ({
  slot: slot(body.cluster, body.round, body.epoch_hash, body.decision_hash, body.member),
  occasion: inRound(body),
}));

/**
 * Evidence that even an honest party can give against itself, by losing what it had written: kept for the operator, and
 * no ground to exclude it.
 */
export const isByAccident = (of: EvidenceKind): boolean => statementKinds[of].byAccident;

export const statementKinds: Record<EvidenceKind, StatementKind> = {
  'two-seats': kind(seatMessage, seated, (body) => ({
    party: body.member,
    slot: slot(body.epoch),
    occasion: { epoch: body.epoch },
  })),
  'two-epochs': kind(epochMessage, seated, (body) => ({ slot: slot(body.epoch), occasion: { epoch: body.epoch } })),
  'two-reports': kind(reportMessage, voting, (body) => ({
    slot: slot(body.cluster, body.round, body.epoch_hash, body.member),
    occasion: inRound(body),
  })),
  'two-votes': kind(voteBodyMessage, voting, (body) => ({
    slot: slot(body.cluster, body.round, body.epoch_hash),
    occasion: inRound(body),
  })),
  'two-answers': answers,
  'wrong-answer': answers,
  'two-contributions': kind(headerMessage, contributing, (body) => ({
    party: body.router,
    slot: slot(body.cluster, body.round),
    occasion: inRound(body),
  })),
  'two-announcements': kind(roundConfigMessage, coordinating, (body) => ({
    party: body.coordinator,
    slot: slot(body.cluster, body.round),
    occasion: inRound(body),
  })),
  'two-proposals': kind(proposalMessage, coordinating, (body) => ({
    slot: slot(body.cluster, body.round, body.epoch_hash),
    occasion: inRound(body),
  })),
  'two-receipts': kind(receiptMessage, coordinating, (body) => ({
    party: body.coordinator,
    slot: slot(body.cluster, body.round, body.config_hash, body.router),
    occasion: inRound(body),
  })),
};
