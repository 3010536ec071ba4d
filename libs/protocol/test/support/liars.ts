/** Members that lie: what they hand to the coordinator is exchanged on the way, signed with their real keys. */
import {
  type Answer,
  type AnswerBody,
  answerBodyMessage,
  answerMessage,
  type Bytes,
  type Report,
  reportMessage,
  SecaggError,
  type Signed,
  type Vote,
  voteBodyMessage,
  type VoteBody,
} from '@secagg/schema';
import { signMessage } from '@secagg/crypto';
import { type LocalCoordinator, type LocalMember, signDocument } from '../../src';
import { type Work } from './scenario';

type Lies = Partial<
  Pick<
    LocalCoordinator,
    'takeReport' | 'takeVote' | 'takeTransfer' | 'takeAnswer' | 'takeSeat' | 'takeEpochSignature' | 'views'
  >
>;

export class Liar implements Work {
  /** Codes its messages were refused with. */
  readonly refused: string[] = [];

  constructor(
    readonly member: LocalMember,
    private readonly lies: (coordinator: LocalCoordinator, liar: Liar) => Lies,
  ) {}

  work(coordinator: LocalCoordinator, nowMs: number): void {
    const lies: Record<PropertyKey, unknown> = { ...this.lies(coordinator, this) };
    const front = new Proxy(coordinator, {
      get: (target, name) => {
        if (name in lies) return lies[name];
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    try {
      this.member.work(front, nowMs);
    } catch (error) {
      if (!(error instanceof SecaggError)) throw error;
      this.refused.push(error.code);
    }
  }

  get voteSecret(): Bytes {
    return voteSecretOf(this.member);
  }

  answer(
    body: AnswerBody,
    change: (answer: Answer, body: AnswerBody) => { answer?: Partial<Answer>; pieces?: AnswerBody['pieces'] },
  ): Bytes {
    const honest = answerMessage.decode(body.answer.body);
    const { answer, pieces } = change(honest, body);
    return answerBodyMessage.encode({
      answer: signDocument(answerMessage, 'local', { ...honest, ...answer }, this.voteSecret),
      pieces: pieces ?? body.pieces,
    });
  }

  report(signed: Signed, change: (report: Report) => Partial<Report>): Signed {
    const honest = reportMessage.decode(signed.body);
    return signDocument(reportMessage, 'local', { ...honest, ...change(honest) }, this.voteSecret);
  }

  vote(vote: Vote, body: VoteBody): Vote {
    const bytes = voteBodyMessage.encode(body);
    return {
      body: bytes,
      member: vote.member,
      signature: signMessage(this.voteSecret, { type: voteBodyMessage.type, fleet: 'local' }, bytes),
    };
  }
}

/** The vote key of a member's newest seat: its accomplices have it too. */
export function voteSecretOf(member: LocalMember): Bytes {
  const seat = [...member.state.seats.values()].at(-1);
  if (!seat?.secrets) throw new Error('the member has no seat');
  return seat.secrets.voteSecret;
}
