/**
 * What a router is told of a round that it took part in: aborts that were not decided, and results that are not the
 * round's. The real sidecar settles on proof alone. And what a member is asked to abort: it goes by the coordinator's
 * signature.
 */
import './support/without-checks';
import { WordSum } from '@secagg/crypto';
import {
  auditTranscript,
  inRound,
  publishedResult,
  roundKey,
  type VerifiedRound,
  verifyReceiptEvidence,
} from '@secagg/protocol';
import {
  type Bytes,
  contributionMessage,
  type Decision,
  headerMessage,
  roundStatusMessage,
  signedMessage,
  type Transcript,
  transcriptMessage,
  voteBodyMessage,
  voteMessage,
} from '@secagg/schema';
import { eventually } from '@secagg/testbed/wait';
import { type LogLine } from '../support/node-process';
import { type Attack, expectLayers, quietly } from './support/attack';
import { emptyContribution } from './support/forge';
import { about, bodyOf, HONEST, must, Refused, type Said, Siege, VICTIM } from './support/siege';

jest.setTimeout(180_000);

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.lay();
});
afterEach(() => {
  siege.answer = () => false;
});
afterAll(() => siege.lift());

async function victimsRound(): Promise<VerifiedRound> {
  await siege.victimObserves(3);
  return siege.openRound();
}

/** The victim's state of a round, once it has one or has said why not. */
async function settled(
  { round }: { readonly round: number },
  from: number,
): Promise<{ state: string; waiting: number }> {
  const node = siege.node(VICTIM);
  const refusal = () =>
    node.log
      .slice(from)
      .find((line) => line.msg === 'the outcome of the round could not be verified' && line.round === round);
  const read = async () => {
    const { participations, observations } = await node.client.status();
    return {
      state: participations.find((entry) => entry.round === round)?.state ?? 'none',
      waiting: observations.waiting,
    };
  };
  await eventually(
    'an outcome',
    async () => refusal() !== undefined || ['aborted', 'included', 'left_out'].includes((await read()).state),
  );
  const line: LogLine | undefined = refusal();
  if (line) throw new Refused(line);
  return read();
}

/** Tells the victim that the round was aborted, with this as the proof. Whether it takes its observations back. */
async function claimAborted(round: VerifiedRound, decision: Decision): Promise<boolean> {
  const { cluster, round: number } = round.config;
  const from = siege.node(VICTIM).log.length;
  siege.answer = (url, _request, response) => {
    if (url.pathname !== `/v1/clusters/${cluster}/rounds/${number}`) return false;
    response
      .writeHead(200)
      .end(roundStatusMessage.encode({ cluster, round: number, phase: 'aborted', contributions: 1, decision }));
    return true;
  };
  const { state, waiting } = await settled({ round: number }, from);
  return state === 'aborted' && waiting > 0;
}

/** The quorum's abort of a round, by the votes of the honest members. */
async function abortedByAll(round: VerifiedRound): Promise<Decision> {
  const votes = await Promise.all(
    HONEST.map(async (id) =>
      voteMessage.decode(
        must(await siege.ask(id, { kind: 'abort', ...about(round), request: siege.abortRequest(round) })),
      ),
    ),
  );
  return {
    body: votes[0].body,
    votes: votes.map(({ member, signature }) => ({ member, signature })).sort((a, b) => a.member - b.member),
  };
}

const aborts: Record<string, Attack> = {
  'an abort that the accomplice alone decided': {
    layers: ['decision.quorum'],
    run: async () => {
      const round = await victimsRound();
      const body = voteBodyMessage.encode({ ...inRound(round), kind: 'abort', reason: 'policy' });
      const { member, signature } = siege.accompliceVote(round, body);
      return claimAborted(round, { body, votes: [{ member, signature }] });
    },
  },
  'the abort of another round': {
    layers: ['vote.signed'],
    run: async () => {
      const decision = await abortedByAll(await victimsRound());
      return claimAborted(await victimsRound(), decision);
    },
  },
  'a decision to open as an abort': {
    layers: ['decision.kind'],
    run: async () => {
      const round = await victimsRound();
      siege.show(round, [
        siege.contributionOf(round),
        ...['router-5', 'router-6'].map((id) => emptyContribution(round, siege.identity(id))),
      ]);
      const proposal = siege.propose(round, [...(await siege.reports(round)), siege.falseReport(round, () => true)]);
      return claimAborted(round, siege.decision(round, await siege.votes(round, proposal, HONEST)));
    },
  },
};

it.each(Object.entries(aborts))('observations lured back by %s', async (_name, attack) => {
  await expectLayers(siege, attack);
});

/** Whether a member that was asked voted to abort the round: it never votes otherwise after that. */
const votesToAbort = (round: VerifiedRound, said: Said): boolean => {
  const vote = voteBodyMessage.decode(voteMessage.decode(must(said)).body);
  return vote.kind === 'abort' && vote.round === round.config.round;
};

const requests: Record<string, Attack> = {
  'an abort that somebody on the line makes up': {
    layers: ['abort.signed'],
    run: async () => {
      const round = await victimsRound();
      return votesToAbort(round, await siege.ask('router-0', { kind: 'abort', ...about(round), reason: 'policy' }));
    },
  },
  'the request to abort an earlier round, replayed': {
    layers: ['abort.signed'],
    run: async () => {
      const before = await victimsRound();
      const round = await victimsRound();
      const request = siege.abortRequest(before);
      return votesToAbort(round, await siege.ask('router-0', { kind: 'abort', ...about(round), request }));
    },
  },
};

it.each(Object.entries(requests))('a vote of a member for %s', async (_name, attack) => {
  await expectLayers(siege, attack);
});

/**
 * A whole round, honest but for the transcript that the victim gets. Whether it takes a wrong result for the right one.
 */
async function publish(tamper: (transcript: Transcript, round: VerifiedRound) => Transcript): Promise<boolean> {
  const from = siege.node(VICTIM).log.length;
  await siege.victimObserves(3);
  return siege.honestly(async () => {
    const key = siege.coordinator.startRound({ minParticipantsPerGroup: 3, maxParticipants: 4, durationMs: 20_000 });
    const { verified: round } = siege.coordinator.round(key);
    siege.answer = (url, _request, response) => {
      if (url.pathname !== `/v1/clusters/${round.config.cluster}/rounds/${round.config.round}/transcript`) return false;
      response.writeHead(200).end(transcriptMessage.encode(tamper(siege.coordinator.local.transcript(key), round)));
      return true;
    };
    const { state } = await settled(round.config, from);
    expect([state, siege.coordinator.round(key).phase, roundKey(round.config.cluster, round.config.round)]).toEqual([
      'included',
      'published',
      key,
    ]);
    const audited = auditTranscript(siege.fleet.authority.publicKey, siege.coordinator.local.transcript(key));
    if (audited.kind !== 'opened') throw new Error('the round was aborted');
    return (
      JSON.stringify((await siege.node(VICTIM).client.signal())?.details) !==
      JSON.stringify(publishedResult(audited).details)
    );
  });
}

/** Off by one in the first word: the count of requests, in its units. */
const bumped = (words: Bytes): Bytes => words.map((byte, i) => (i === 0 ? byte ^ 1 : byte));

const results: Record<string, Attack> = {
  'a sum off by one': {
    layers: ['sum.recomputed'],
    run: () =>
      publish(({ sums: [{ group, words }], ...rest }) => ({ ...rest, sums: [{ group, words: bumped(words) }] })),
  },
  'keystreams off by one, and a sum to fit': {
    layers: ['piece.agreed'],
    run: () =>
      publish(({ sums: [sum], pieces: [piece, ...pieces], ...rest }, { dimension, config }) => {
        const packed = (words: Bytes): WordSum => {
          const one = new WordSum(dimension, config.layout.word_bits);
          one.addPacked(words);
          return one;
        };
        const changed = { ...piece, words: bumped(piece.words) };
        const fitting = packed(sum.words);
        fitting.addPacked(piece.words);
        fitting.subtract(packed(changed.words));
        return { ...rest, pieces: [changed, ...pieces], sums: [{ ...sum, words: fitting.toPacked() }] };
      }),
  },
};

/** A round that drops the victim's contribution after a receipt for it. Whether the coordinator gets away with it. */
async function drop(): Promise<boolean> {
  const from = siege.node(VICTIM).log.length;
  await siege.victimObserves(3);
  return siege.honestly(async () => {
    const key = siege.coordinator.startRound({ minParticipantsPerGroup: 3, maxParticipants: 64, durationMs: 2500 });
    const { config } = siege.coordinator.round(key).verified;
    siege.answer = (url, request, response) => {
      if (url.pathname !== `/v1/clusters/${config.cluster}/rounds/${config.round}/contributions`) return false;
      void bodyOf(request).then((bytes) => {
        const { header } = contributionMessage.decode(bytes);
        const isVictims = headerMessage.decode(header.body).router === VICTIM;
        response
          .writeHead(201)
          .end(
            signedMessage.encode(isVictims ? siege.receiptFor(header) : siege.coordinator.local.contribute(key, bytes)),
          );
      });
      return true;
    };
    expect((await settled(config, from)).state).toBe('left_out');
    const node = siege.node(VICTIM);
    const proofs = (await node.client.evidence()).evidence.filter(
      (entry) => entry.kind === 'receipt-not-honoured' && entry.round === config.round,
    );
    for (const { path } of proofs) {
      expect(
        verifyReceiptEvidence(siege.fleet.authority.publicKey, await node.client.evidenceAt(path as string)),
      ).toMatchObject({ how: 'absent', router: VICTIM, round: config.round });
    }
    const alarms = node.log
      .slice(from)
      .filter(({ level, msg }) => level === 50 && String(msg).includes('acknowledged this contribution'));
    expect(alarms).toHaveLength(proofs.length);
    return proofs.length === 0;
  });
}

it('a contribution dropped after its receipt', async () => {
  await expectLayers(siege, { layers: [quietly('receipt.honoured')], run: drop });
});

it.each(Object.entries(results))('%s', async (_name, attack) => {
  await expectLayers(siege, attack);
});
