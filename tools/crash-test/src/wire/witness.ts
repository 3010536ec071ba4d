/**
 * Remembers what was said between router-nodes and coordinator, whoever has forgotten it since: nobody may say two
 * things where the protocol allows one, and whatever was acknowledged must be found again.
 */
import { createHash } from 'node:crypto';
import {
  answerBodyMessage,
  answerMessage,
  contributionMessage,
  epochSignatureMessage,
  headerMessage,
  openRoundMessage,
  receiptMessage,
  reportMessage,
  roundConfigMessage,
  type RoundConfig,
  seatMessage,
  signedMessage,
  voteMessage,
} from '@secagg/schema';
import { type Answer, type Exchange, type ProxyListener } from './proxy';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export interface WitnessedReceipt {
  readonly round: number;
  readonly router: string;
  /** Of the contribution it acknowledges, in hexadecimal. */
  readonly headerHash: string;
}

const roundPath = /^\/v1\/clusters\/[0-9a-f]+\/rounds\/(\d+)\/(\w+)/;

export class Witness implements ProxyListener {
  /** Announced rounds, as routers got them. */
  readonly configs = new Map<number, RoundConfig>();
  /** By round and router. */
  readonly receipts = new Map<string, WitnessedReceipt>();
  /** Rounds that a router has sent a contribution to. */
  readonly contributions = new Map<string, Set<number>>();
  private readonly statements = new Map<string, string>();

  /** @param onContradiction told when somebody says another thing than before */
  constructor(private readonly onContradiction: (problem: string) => void) {}

  asked({ method, path, body }: Exchange): void {
    if (method !== 'POST') return;
    const [, round, kind] = roundPath.exec(path) ?? [];
    if (path === '/v1/committee/seats') this.seat(body);
    else if (path === '/v1/committee/epoch-signatures') this.epochSignature(body);
    else if (round !== undefined) this.inRound(Number(round), kind, body);
  }

  answered({ method, path }: Exchange, { status, body }: Answer): void {
    if (method === 'GET' && status === 200 && /\/rounds\/open(\?|$)/.test(path)) this.announcement(body);
    const [, , kind] = roundPath.exec(path) ?? [];
    if (method === 'POST' && kind === 'contributions' && (status === 200 || status === 201)) this.receipt(body);
  }

  private inRound(round: number, kind: string, body: Buffer): void {
    switch (kind) {
      case 'contributions': {
        const { router } = headerMessage.decode(contributionMessage.decode(body).header.body);
        this.contributions.set(router, (this.contributions.get(router) ?? new Set()).add(round));
        return this.says(`contribution of ${router} to round ${round}`, sha256(body));
      }
      case 'reports': {
        const signed = signedMessage.decode(body);
        return this.says(
          `report of member ${reportMessage.decode(signed.body).member} on round ${round}`,
          sha256(body),
        );
      }
      case 'votes': {
        const vote = voteMessage.decode(body);
        return this.says(`vote of member ${vote.member} in round ${round}`, sha256(vote.body));
      }
      case 'answers': {
        const answer = answerMessage.decode(answerBodyMessage.decode(body).answer.body);
        this.says(`decision that member ${answer.member} answers in round ${round}`, hex(answer.decision_hash));
        for (const { group, piece, hash } of answer.hashes)
          this.says(`piece ${piece} of group ${group} in round ${round}`, hex(hash));
      }
    }
  }

  private seat(body: Buffer): void {
    const signed = signedMessage.decode(body);
    const { epoch, member } = seatMessage.decode(signed.body);
    this.says(`seat of ${member} in epoch ${epoch}`, sha256(body));
  }

  private epochSignature(body: Buffer): void {
    const { epoch, member } = epochSignatureMessage.decode(body);
    this.says(`signature of ${member} under epoch ${epoch}`, sha256(body));
  }

  private announcement(body: Buffer): void {
    const { announcement } = openRoundMessage.decode(body);
    const config = roundConfigMessage.decode(announcement.body);
    this.says(`announcement of round ${config.round}`, sha256(announcement.body));
    this.configs.set(config.round, config);
  }

  private receipt(body: Buffer): void {
    const { router, round, header_hash } = receiptMessage.decode(signedMessage.decode(body).body);
    this.says(`receipt for ${router} in round ${round}`, sha256(body));
    this.receipts.set(`${round}/${router}`, { round, router, headerHash: hex(header_hash) });
  }

  private says(what: string, hash: string): void {
    const before = this.statements.get(what);
    if (before === undefined) this.statements.set(what, hash);
    else if (before !== hash) this.onContradiction(`there are two different versions of the ${what}`);
  }
}
