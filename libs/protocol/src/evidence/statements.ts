/** What a party signs once, by kind of evidence: which key it signs with, and what two of its statements must share to be one too many. */
import {
  answerMessage, type Bytes, epochMessage, type EvidenceKind, headerMessage, type Message, proposalMessage, receiptMessage, reportMessage, roundConfigMessage, seatMessage, voteBodyMessage,
} from '@secagg/schema';
import { hex } from '../documents';

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
  readonly open: (body: Bytes) => Opened;
}

const kind = <T>(message: Message<T>, key: StatementKind['key'], read: (body: T) => Opened): StatementKind => ({
  message: message as Message<unknown>, key, open: (body) => read(message.decode(body)),
});

const slot = (...parts: readonly (string | number | Bytes)[]): string => JSON.stringify(parts.map((part) => (part instanceof Uint8Array ? hex(part) : part)));
const inRound = ({ cluster, round }: { cluster: string; round: number }): Occasion => ({ cluster, round });
const answers = kind(answerMessage, 'vote', (body) => ({ slot: slot(body.cluster, body.round, body.epoch_hash, body.decision_hash, body.member), occasion: inRound(body) }));

export const statementKinds: Record<EvidenceKind, StatementKind> = {
  'two-seats': kind(seatMessage, 'identity', (body) => ({ party: body.member, slot: slot(body.epoch), occasion: { epoch: body.epoch } })),
  'two-epochs': kind(epochMessage, 'identity', (body) => ({ slot: slot(body.epoch), occasion: { epoch: body.epoch } })),
  'two-reports': kind(reportMessage, 'vote', (body) => ({ slot: slot(body.cluster, body.round, body.epoch_hash, body.member), occasion: inRound(body) })),
  'two-votes': kind(voteBodyMessage, 'vote', (body) => ({ slot: slot(body.cluster, body.round, body.epoch_hash), occasion: inRound(body) })),
  'two-answers': answers,
  'wrong-answer': answers,
  'two-contributions': kind(headerMessage, 'identity', (body) => ({ party: body.router, slot: slot(body.cluster, body.round), occasion: inRound(body) })),
  'two-announcements': kind(roundConfigMessage, 'identity', (body) => ({ party: body.coordinator, slot: slot(body.cluster, body.round), occasion: inRound(body) })),
  'two-proposals': kind(proposalMessage, 'identity', (body) => ({ slot: slot(body.cluster, body.round, body.epoch_hash), occasion: inRound(body) })),
  'two-receipts': kind(receiptMessage, 'identity', (body) => ({ party: body.coordinator, slot: slot(body.cluster, body.round, body.config_hash, body.router), occasion: inRound(body) })),
};
