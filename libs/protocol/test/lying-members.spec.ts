/**
 * Members that lie, as many as the committee stands: the round completes exactly, and who answered wrongly is named.
 */
import {
  type AnswerBody,
  answerBodyMessage,
  answerMessage,
  type MemberIndex,
  reportMessage,
  voteBodyMessage,
  type VoteBody,
} from '@secagg/schema';
import { pieceHash } from '../src/wire/pieces';
import { type LocalCoordinator, signDocument } from '../src';
import { Liar } from './support/liars';
import { quietFleet, random, Scenario } from './support/scenario';
import { flip } from './support/tamper';

type Lies = ConstructorParameters<typeof Liar>[1];
interface Case {
  readonly lies: (scenario: Scenario) => Lies;
  /** Code the coordinator refuses the lie with, where it can tell at once. */
  readonly refused?: string;
  /** Whether the lie shows once t others have answered. */
  readonly named?: boolean;
}

/** Exchanges the answer for another one. */
const answering =
  (change: (body: AnswerBody, liar: Liar, scenario: Scenario) => Uint8Array): Case['lies'] =>
  (scenario) =>
  (coordinator, liar) => ({
    takeAnswer: (key, bytes, nowMs) =>
      coordinator.takeAnswer(key, change(answerBodyMessage.decode(bytes), liar, scenario), nowMs),
  });

/** The same wrong words from all liars, with hashes that fit them. */
const wrongWords = (body: AnswerBody, liar: Liar, scenario: Scenario, sent = true, lastByte = 0): Uint8Array => {
  const { verified: round, decision } = scenario.round;
  const { ciphertextBytes } = round.cipher();
  const words = (piece: number) =>
    new Uint8Array(ciphertextBytes).fill(piece & 0x7f).fill(lastByte, ciphertextBytes - 1);
  return liar.answer(body, ({ hashes }, { pieces }) => ({
    answer: {
      hashes: hashes.map(({ group, piece }) => ({
        group,
        piece,
        hash: pieceHash(round, decision?.hash as Uint8Array, group, piece, words(piece)),
      })),
    },
    pieces: sent ? pieces.map(({ group, piece }) => ({ group, piece, words: words(piece) })) : [],
  }));
};

const readyFor = (scenario: Scenario, change: (body: Extract<VoteBody, { kind: 'ready' }>) => VoteBody): VoteBody => {
  const body = voteBodyMessage.decode(scenario.round.proposal?.votedBytes as Uint8Array);
  if (body.kind !== 'ready') throw new Error('not a ready vote');
  return change(body);
};

const cases: Record<string, Case> = {
  'wrong sums with hashes that fit': { lies: answering(wrongWords), named: true },
  'hashes of wrong sums and no sums': {
    lies: answering((body, liar, scenario) => wrongWords(body, liar, scenario, false)),
    named: true,
  },
  'right hashes and other sums': {
    lies: answering((body, liar) =>
      liar.answer(body, (_, { pieces }) => ({
        pieces: pieces.map((entry) => ({ ...entry, words: flip(entry.words, 0) })),
      })),
    ),
    refused: 'wrong_answer',
  },
  'right hashes and no sums': { lies: answering((body, liar) => liar.answer(body, () => ({ pieces: [] }))) },
  'sums with bits after their last word': {
    lies: answering((body, liar, scenario) => wrongWords(body, liar, scenario, true, 0xff)),
    refused: 'not_canonical',
    named: true,
  },
  'sums of another length': {
    lies: answering((body, liar) =>
      liar.answer(body, (_, { pieces }) => ({
        pieces: pieces.map((entry) => ({ ...entry, words: entry.words.subarray(1) })),
      })),
    ),
    refused: 'malformed',
  },
  'a sum twice': {
    lies: answering((body, liar) => liar.answer(body, (_, { pieces }) => ({ pieces: [...pieces, ...pieces] }))),
    refused: 'invalid',
  },
  'a hash too few': {
    lies: answering((body, liar) =>
      liar.answer(body, ({ hashes }) => ({ answer: { hashes: hashes.slice(1) }, pieces: [] })),
    ),
    refused: 'invalid',
  },
  'hashes of all pieces, also those it lacks': {
    lies: answering((body, liar, scenario) =>
      liar.answer(body, ({ hashes: [first] }) => ({
        answer: { hashes: scenario.round.verified.epoch.pieces.map((piece) => ({ ...first, piece })) },
        pieces: [],
      })),
    ),
    refused: 'invalid',
  },
  'an answer about another decision': {
    lies: answering((body, liar) => liar.answer(body, () => ({ answer: { decision_hash: random(32) } }))),
    refused: 'no_decision',
  },
  'an answer about another round': {
    lies: answering((body, liar) =>
      liar.answer(body, ({ round }) => ({ answer: { round: (round + 1) as typeof round } })),
    ),
    refused: 'wrong_config',
  },
  'an answer in the name of another': {
    lies: answering((body, liar) =>
      liar.answer(body, ({ member }) => ({ answer: { member: ((member + 1) % 4) as MemberIndex } })),
    ),
    refused: 'bad_signature',
  },
  'an answer in the name of nobody': {
    lies: answering((body, liar) => liar.answer(body, () => ({ answer: { member: 29 as MemberIndex } }))),
    refused: 'no_seat',
  },
  'an answer signed with another key': {
    lies: answering((body, liar) =>
      answerBodyMessage.encode({
        ...body,
        answer: signDocument(
          answerMessage,
          'local',
          answerMessage.decode(body.answer.body),
          liar.member.identity.secretKey,
        ),
      }),
    ),
    refused: 'bad_signature',
  },
  'garbage instead of an answer': { lies: answering(() => garbage(100)), refused: 'malformed' },
  'two answers': {
    lies: (scenario) => (coordinator, liar) => ({
      takeAnswer: (key, bytes, nowMs) => {
        coordinator.takeAnswer(key, bytes, nowMs);
        coordinator.takeAnswer(key, wrongWords(answerBodyMessage.decode(bytes), liar, scenario), nowMs);
      },
    }),
    refused: 'duplicate',
  },
  'a vote to abort': {
    lies: (scenario) => (coordinator, liar) => ({
      takeVote: (key, vote, nowMs) =>
        coordinator.takeVote(
          key,
          liar.vote(
            vote,
            readyFor(scenario, ({ groups: _g, reports_hash: _r, ...body }) => ({
              ...body,
              kind: 'abort',
              reason: 'policy',
            })),
          ),
          nowMs,
        ),
    }),
  },
  'a vote for a set nobody proposed': {
    lies: (scenario) => (coordinator, liar) => ({
      takeVote: (key, vote, nowMs) =>
        coordinator.takeVote(
          key,
          liar.vote(
            vote,
            readyFor(scenario, (body) => ({ ...body, reports_hash: random(32) })),
          ),
          nowMs,
        ),
    }),
    refused: 'bad_proposal',
  },
  'two votes': {
    lies: (scenario) => (coordinator, liar) => ({
      takeVote: (key, vote, nowMs) => {
        coordinator.takeVote(key, vote, nowMs);
        coordinator.takeVote(
          key,
          liar.vote(
            vote,
            readyFor(scenario, (body) => ({ ...body, reports_hash: random(32) })),
          ),
          nowMs,
        );
      },
    }),
    refused: 'already_voted',
  },
  'a vote in the name of another': {
    lies: () => (coordinator) => ({
      takeVote: (key, vote, nowMs) =>
        coordinator.takeVote(key, { ...vote, member: ((vote.member + 1) % 4) as MemberIndex }, nowMs),
    }),
    refused: 'bad_signature',
  },
  'a report that nothing can be used': reporting((report) => ({ usable: new Uint8Array(report.usable.length) })),
  'a report on other contributions': reporting(() => ({ headers_root: random(32) }), 'bad_proposal'),
  'a report on fewer contributions': reporting(({ count }) => ({ count: count - 1 }), 'bad_proposal'),
  'a report of the wrong length': reporting(() => ({ usable: new Uint8Array(2) }), 'invalid'),
  'a report with bits after the last contribution': reporting(() => ({ usable: Uint8Array.of(0xff) }), 'not_canonical'),
  'a report about another configuration': reporting(() => ({ config_hash: random(32) }), 'wrong_config'),
  'two reports': {
    lies: () => (coordinator, liar) => ({
      takeReport: (key, signed) => {
        coordinator.takeReport(key, signed);
        coordinator.takeReport(
          key,
          liar.report(signed, () => ({ usable: Uint8Array.of(0) })),
        );
      },
    }),
    refused: 'duplicate',
  },
  'garbage instead of a report': {
    lies: () => (coordinator) => ({
      takeReport: (key, { signature }) => coordinator.takeReport(key, { body: garbage(50), signature }),
    }),
    refused: 'malformed',
  },
};

/** No CBOR, always: random bytes are sometimes an item followed by others. */
function garbage(length: number): Uint8Array {
  return new Uint8Array(length).fill(0xff);
}

function reporting(change: Parameters<Liar['report']>[1], refused?: string): Case {
  const lies = () => (coordinator: LocalCoordinator, liar: Liar) => ({
    takeReport: (key: string, signed: Parameters<Liar['report']>[0]) =>
      coordinator.takeReport(key, liar.report(signed, change)),
  });
  return refused === undefined ? { lies } : { lies, refused };
}

describe.each([
  [4, 2],
  [7, 3],
])('of %i members, %i of whom open', (size, threshold) => {
  const fleet = quietFleet(size, threshold, size);

  it.each(Object.keys(cases))('t-1 send %s', (name) => {
    const { lies, refused, named } = cases[name];
    const scenario = new Scenario(fleet).contribute(fleet.routers.slice(0, 4));
    // The liars come first: pieces are assigned to them before anybody else.
    const liars = fleet.members.slice(0, threshold - 1).map((member) => new Liar(member, lies(scenario)));
    scenario.finish([...liars, ...fleet.members.slice(threshold - 1)]).expectExactly(fleet.routers.slice(0, 4));
    for (const liar of liars) expect(new Set(liar.refused)).toEqual(new Set(refused === undefined ? [] : [refused]));
    expect([...scenario.round.liars].sort()).toEqual(named ? liars.map((_, i) => i) : []);
  });
});

it.each(['wrong sums with hashes that fit', 'garbage instead of an answer', 'a report that nothing can be used'])(
  'three of ten send %s',
  (name) => {
    const fleet = quietFleet(10, 4, 10);
    const scenario = new Scenario(fleet).contribute(fleet.routers.slice(0, 3));
    const liars = fleet.members.slice(0, 3).map((member) => new Liar(member, cases[name].lies(scenario)));
    scenario.finish([...liars, ...fleet.members.slice(3)]).expectExactly(fleet.routers.slice(0, 3));
    expect([...scenario.round.liars].sort()).toEqual(cases[name].named ? [0, 1, 2] : []);
  },
);

it('reports are verified under the fleet and the message type they are for', () => {
  const fleet = quietFleet(4, 2, 4);
  const scenario = new Scenario(fleet).contribute();
  const liar = new Liar(fleet.members[0], (coordinator, self) => ({
    takeReport: (key, signed) =>
      coordinator.takeReport(
        key,
        signDocument(reportMessage, 'elsewhere', reportMessage.decode(signed.body), self.voteSecret),
      ),
  }));
  scenario.finish([liar, ...fleet.members.slice(1)]).expectExactly(fleet.routers);
  expect(new Set(liar.refused)).toEqual(new Set(['bad_signature']));
});
