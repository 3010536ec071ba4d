/**
 * Committee members and routers that lie to a real coordinator: it publishes the right sum without them, names them,
 * and each lie fails at a check of its own.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CoordinatorClient } from '@secagg/client';
import { domainHash } from '@secagg/crypto';
import {
  auditTranscript,
  buildContribution,
  checkRound,
  groupOf,
  type Identity,
  signDocument,
  type VerifiedRound,
  verifyEvidence,
} from '@secagg/protocol';
import {
  type Answer,
  type AnswerBody,
  answerMessage,
  type Bytes,
  type ContributionHeader,
  contributionMessage,
  headerMessage,
  type OpenRound,
  type PartyId,
  SecaggError,
  type WorkItem,
} from '@secagg/schema';
import { random } from '@secagg/testbed/random';
import { until } from '@secagg/testbed/wait';
import { TestFleet } from '../support/fleet';
import { HttpMember, HttpRouter, operatorRequest, vectorOf } from '../support/parties';
import { CoordinatorProcess } from '../support/process';

jest.setTimeout(120_000);

type Lie = (answer: AnswerBody, liar: LyingMember) => AnswerBody | Promise<AnswerBody>;

const fleet = new TestFleet({ routers: 5, committee: { size: 4, threshold: 2 }, policy: { max_groups: 2 } });
const switches = join(fleet.folder, 'checks-off');
let coordinator: CoordinatorProcess;
let members: HttpMember[];
let serving: Promise<void>[];

/** The first member. The others answer after it has. */
class LyingMember extends HttpMember {
  lie: Lie = (answer) => answer;
  /** A second answer after the first. */
  again: Lie | undefined;
  /** Sends bytes that are no answer instead. */
  garbage = false;
  answered = false;
  readonly refused: SecaggError[] = [];

  get voteSecret(): Bytes {
    return [...this.state.seats.values()].at(-1)?.secrets?.voteSecret as Bytes;
  }

  protected override async handle(
    client: CoordinatorClient,
    item: WorkItem,
    certificates: readonly Bytes[],
  ): Promise<void> {
    if (item.kind === 'answer' && this.answered) return;
    await super.handle(item.kind === 'answer' ? this.lying(client) : client, item, certificates);
  }

  private lying(client: CoordinatorClient): CoordinatorClient {
    const sendAnswer: CoordinatorClient['sendAnswer'] = async (cluster, round, answer) => {
      const say = async (body: AnswerBody) => {
        await client.sendAnswer(cluster, round, body).catch((error: unknown) => {
          if (!(error instanceof SecaggError)) throw error;
          this.refused.push(error);
        });
      };
      if (this.garbage)
        await post(`/v1/clusters/${cluster}/rounds/${round}/answers`, random(500)).then(
          (error) => error && this.refused.push(error),
        );
      else await say(await this.lie(answer, this));
      if (this.again) await say(await this.again(answer, this));
      this.answered = true;
    };
    return new Proxy(client, { get: (target, name) => (name === 'sendAnswer' ? sendAnswer : bindTo(target, name)) });
  }
}

function bindTo(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? value.bind(target) : value;
}

/** Waits for the liar's word before its own. */
class PatientMember extends HttpMember {
  protected override async handle(
    client: CoordinatorClient,
    item: WorkItem,
    certificates: readonly Bytes[],
  ): Promise<void> {
    if (item.kind === 'answer') await until(() => liar.answered);
    return super.handle(client, item, certificates);
  }
}

let liar: LyingMember;

async function post(path: string, body: Bytes): Promise<SecaggError | undefined> {
  const response = await fetch(`${coordinator.origin}${path}`, {
    method: 'POST',
    body: Buffer.from(body),
    headers: { 'content-type': 'application/cbor' },
  });
  if (response.ok) return undefined;
  const { code, detail, ...details } = (await response.json()) as { code: 'malformed'; detail: string };
  return new SecaggError(code, detail, details);
}

beforeAll(async () => {
  writeFileSync(switches, '');
  coordinator = await CoordinatorProcess.start(
    fleet,
    fleet.config({ autoEpochs: false }),
    { TEST_CHECKS_OFF: switches },
    { build: 'with-switches' },
  );
  liar = new LyingMember(fleet.view, fleet.routers[0]);
  members = [liar, ...fleet.routers.slice(1, 4).map((identity) => new PatientMember(fleet.view, identity))];
  serving = members.map((member) => member.serve(() => coordinator.origin));
  await coordinator.client.startEpoch(operatorRequest(fleet, fleet.operator, { action: 'start-epoch' }));
  await until(async () => (await coordinator.client.currentEpoch()) !== undefined);
});
afterAll(async () => {
  for (const member of members) member.stop();
  await coordinator.stop();
  await Promise.all(serving);
});

const openRound = (groups = 1): Promise<OpenRound> =>
  coordinator.client.startRound(
    fleet.cluster,
    operatorRequest(fleet, fleet.operator, {
      action: 'start-round',
      cluster: fleet.cluster,
      overrides: { groups },
      force: true,
    }),
  );
const routers = fleet.routers.map((identity) => new HttpRouter(fleet.view, identity));

const roundOf = (open: OpenRound): VerifiedRound => checkRound(routers[0].state, routers[0], open, Date.now());

/** A round of all five routers with the liar at work. Whether its published sum is the sum of what they sent. */
async function isRight(): Promise<boolean> {
  const open = await openRound();
  ({ ciphertextBytes: vectorBytes } = roundOf(open).cipher());
  for (const router of routers) await router.send(coordinator.client, open, router.build(open, 2));
  const { round } = await settledRound();
  const transcript = await coordinator.client.transcript(fleet.cluster, round);
  try {
    const audited = auditTranscript(fleet.authority.publicKey, transcript);
    if (audited.kind !== 'opened') return false;
    const expected = vectorOf(audited.round, 2 * routers.length);
    return transcript.sums.length === 1 && audited.sums[0].values.every((value, i) => value === expected[i]);
  } catch (error) {
    // The auditor, which has all its checks, is not taken in.
    if (error instanceof SecaggError) return false;
    throw error;
  }
}

async function settledRound(): Promise<{ round: number }> {
  const latest = await coordinator.client.latestRound(fleet.cluster);
  if (!latest) throw new Error('no round');
  await until(async () => (await coordinator.client.roundStatus(fleet.cluster, latest.round))?.phase === 'published');
  return latest;
}

/** The words of every piece the answer has a hash for, made up, with hashes that fit or not. */
function madeUp(body: AnswerBody, self: LyingMember, hashesFit: boolean): AnswerBody {
  const honest = answerMessage.decode(body.answer.body);
  const pieces = honest.hashes.map(({ group, piece }) => ({ group, piece, words: wrongWords(piece) }));
  if (!hashesFit) return { answer: body.answer, pieces };
  const hashes = pieces.map(({ group, piece, words }) => ({
    group,
    piece,
    hash: domainHash('piece-sum', honest.config_hash, honest.decision_hash, group, piece, words),
  }));
  return { answer: resigned({ ...honest, hashes }, self), pieces };
}

const resigned = (answer: Answer, self: LyingMember) =>
  signDocument(answerMessage, fleet.authority.fleet, answer, self.voteSecret);
/** As long as they have to be, and without bits after the last word. */
const wrongWords = (piece: number): Bytes => new Uint8Array(vectorBytes).fill(piece & 0x7f, 0, vectorBytes - 1);
let vectorBytes = 0;

interface Case {
  readonly lie?: Lie;
  readonly again?: Lie;
  readonly garbage?: boolean;
  /** The check at which the coordinator refuses it; undefined where it finds out by the others' answers. */
  readonly refusedAt?: string;
  readonly refusedWith?: string;
  /** The check without which it would succeed. */
  readonly check?: string;
  readonly evidence?: string;
}

const lies: Record<string, Case> = {
  'sums made up, with hashes that fit': {
    lie: (answer, self) => madeUp(answer, self, true),
    check: 'piece.agreed',
    evidence: 'wrong-answer',
  },
  'sums made up, under the right hashes': {
    lie: (answer, self) => madeUp(answer, self, false),
    check: 'answer.words',
    refusedAt: 'answer.words',
    refusedWith: 'wrong_answer',
  },
  'two answers': {
    again: (answer, self) => madeUp(answer, self, true),
    refusedAt: 'answer.once',
    refusedWith: 'duplicate',
    evidence: 'two-answers',
  },
  garbage: { garbage: true, refusedWith: 'malformed' },
  'nothing at all': {
    lie: () =>
      new Promise((_, reject) => setTimeout(() => reject(new SecaggError('unavailable', 'it does not answer')), 10)),
  },
};

it.each(Object.entries(lies))(
  'a member answers with %s',
  async (_name, { lie, again, garbage = false, refusedAt, refusedWith, check, evidence }) => {
    const tell = async () => {
      Object.assign(liar, { lie: lie ?? ((answer: AnswerBody) => answer), again, garbage, answered: false });
      liar.refused.length = 0;
      // Who says nothing cannot be waited for.
      if (lie === lies['nothing at all'].lie) liar.answered = true;
      return isRight();
    };
    expect(await tell()).toBe(true);
    expect(liar.refused.map(({ code, details }) => [code, details.check])).toEqual(
      refusedWith === undefined ? [] : [[refusedWith, refusedAt]],
    );
    if (evidence !== undefined) {
      await until(async () => (await coordinator.client.evidenceList()).some(({ kind }) => kind === evidence));
      const found = (await coordinator.client.evidenceList()).find(({ kind }) => kind === evidence) as { id: string };
      expect(verifyEvidence(fleet.authority.publicKey, await coordinator.client.evidence(found.id))).toMatchObject({
        kind: evidence,
        party: liar.identity.id,
      });
    }
    if (check === undefined) return;
    writeFileSync(switches, check);
    expect(await tell()).toBe(false);
    writeFileSync(switches, '');
  },
);

/** A header as its maker likes, over parts that fit it. */
function contribution(round: VerifiedRound, identity: Identity, change: Partial<ContributionHeader>): Bytes {
  const { header, ...parts } = contributionMessage.decode(
    buildContribution(round, identity, new Float64Array(round.dimension), random, Date.now()).bytes,
  );
  const body = { ...headerMessage.decode(header.body), ...change };
  return contributionMessage.encode({
    ...parts,
    header: signDocument(headerMessage, round.config.fleet, body, identity.secretKey),
  });
}

const forged: Record<
  string,
  {
    readonly layers: readonly string[];
    readonly identity?: Identity;
    readonly change?: (round: VerifiedRound) => Partial<ContributionHeader>;
  }
> = {
  'from a router that nobody knows': {
    layers: ['header.certificate', 'header.signature'],
    identity: { id: 'ghost' as PartyId, secretKey: random(32) },
  },
  'in the name of another': {
    layers: ['header.signature'],
    identity: { id: fleet.routers[1].id, secretKey: random(32) },
  },
  'for another group': {
    layers: ['header.group'],
    change: ({ config }) => ({ group: 1 - groupOf(config, fleet.routers[4].id) }),
  },
  'for another round': { layers: ['header.round'], change: () => ({ round: 999 as ContributionHeader['round'] }) },
  'for another configuration': { layers: ['header.config'], change: () => ({ config_hash: random(32) }) },
  'for another epoch': { layers: ['header.epoch'], change: () => ({ epoch_hash: random(32) }) },
  'with other parts than those signed for': {
    layers: ['header.digests'],
    change: () => ({ ciphertext_digest: random(32) }),
  },
};

it.each(Object.entries(forged))(
  'a contribution %s',
  async (_name, { layers, identity = fleet.routers[4], change = () => ({}) }) => {
    const open = await openRound(2);
    const round = roundOf(open);
    const bytes = contribution(round, identity, change(round));
    for (let taken = 0; taken <= layers.length; taken++) {
      writeFileSync(switches, layers.slice(0, taken).join('\n'));
      const refusal = await coordinator.client.contribute(fleet.cluster, round.config.round, bytes).then(
        () => undefined,
        (error: SecaggError) => error.details.check,
      );
      expect(refusal).toBe(layers.at(taken));
    }
    writeFileSync(switches, '');
  },
);
