/**
 * A fleet of real router-node processes whose coordinator cheats: it asks each committee member what it likes, shows
 * each what it likes, and keeps what they sign. One of the four members (2 open a vector) is its accomplice, and so is
 * every router but the victim.
 *
 * Past 400 lines because each method is one message that an attack may shape; they share one state.
 */
/* eslint-disable max-lines */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signMessage, WordSum } from '@secagg/crypto';
import {
  type CheckedHeader,
  deriveEpoch,
  deriveRound,
  headerHash,
  headersRoot,
  type Identity,
  inRound,
  LocalMember,
  roundKey,
  type RoundPlan,
  signDocument,
  takeFreshness,
  type VerifiedRound,
} from '@secagg/protocol';
import {
  abortRequestMessage,
  answerBodyMessage,
  answerMessage,
  type Bytes,
  closingMessage,
  type Contribution,
  contributionMessage,
  type Decision,
  decisionMessage,
  encodeObservation,
  type EpochCertificate,
  epochCertificateMessage,
  epochMessage,
  epochSignatureMessage,
  headerMessage,
  type MemberIndex,
  type MemberView,
  memberViewsMessage,
  openRoundMessage,
  proposalMessage,
  receiptMessage,
  type Report,
  reportMessage,
  type RoundConfig,
  roundConfigMessage,
  seatMessage,
  type Signed,
  signedMessage,
  transferMessage,
  type Vote,
  type VoteBody,
  voteBodyMessage,
  voteMessage,
  type WorkItem,
  workMessage,
} from '@secagg/schema';
import { random } from '@secagg/testbed/random';
import { eventually } from '@secagg/testbed/wait';
import { CoordinatorDouble } from '../../support/coordinator-double';
import { TestFleet, type TestFleetOptions } from '../../support/fleet';
import { type LogLine, NodeProcess } from '../../support/node-process';

/** The switches of this process; specs put them in the place of the library's module. */
const { off } = jest.requireActual<{ off: Set<string> }>('../../../../../libs/protocol/test/support/switched-off');

export const HONEST = ['router-0', 'router-1', 'router-2'] as const;
export const ACCOMPLICE = 'router-3';
export const VICTIM = 'router-4';

type RoundItem = Exclude<WorkItem, { kind: 'seat' | 'sign-epoch' }>;
type Part = 'reports' | 'votes' | 'answers' | 'transfers';

/** What a member sent, or the line in which it said why it did not. */
export type Said =
  | { readonly sent: Bytes; readonly refused?: undefined }
  | { readonly sent?: undefined; readonly refused: LogLine };

export class Siege {
  readonly fleet: TestFleet;
  readonly coordinator: CoordinatorDouble;
  readonly nodes = new Map<string, NodeProcess>();
  readonly accomplice: LocalMember;
  /** Work that a member gets at its next poll, by id. */
  private readonly asked = new Map<string, Bytes>();
  private readonly captured: { key: string; member: number; part: Part; bytes: Bytes }[] = [];
  /** Contributions shown to members, by round. */
  private readonly shown = new Map<string, readonly Contribution[]>();
  private puppets = false;
  /** The accomplice does none of its committee's work. */
  isAccompliceDown = false;
  /** Open rounds that the victim gets at its next polls. */
  private readonly offers: Bytes[] = [];
  /** What the victim sent to rounds that were offered to it. */
  readonly gained: { readonly configHash: string; readonly contribution: Contribution }[] = [];
  /** Stands in for what the coordinator would answer. */
  answer: (url: URL, request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  private ticker: NodeJS.Timeout | undefined;

  private constructor(
    options: Partial<TestFleetOptions>,
    private readonly victimSettings: Record<string, string>,
  ) {
    this.fleet = new TestFleet({ routers: 10, committee: { size: 4, threshold: 2 }, minParticipants: 3, ...options });
    this.coordinator = new CoordinatorDouble(this.fleet);
    this.accomplice = new LocalMember(this.fleet.view, this.fleet.routers[3], random);
    const { state } = this.accomplice;
    this.accomplice.commit({ events: takeFreshness(state, this.fleet.freshness, Date.now()), reply: undefined });
  }

  /** All processes running, with an epoch in force. */
  static async lay(
    options: Partial<TestFleetOptions> = {},
    victimSettings: Record<string, string> = {},
  ): Promise<Siege> {
    const siege = new Siege(options, victimSettings);
    const { coordinator, accomplice } = siege;
    coordinator.intercept = (request, response) => siege.intercept(request, response);
    await coordinator.listen();
    await Promise.all([...HONEST, VICTIM].map((id) => siege.start(id)));
    siege.ticker = setInterval(() => {
      if (!siege.puppets && !siege.isAccompliceDown) accomplice.work(coordinator.local, Date.now());
    }, 50);
    await siege.newEpoch();
    siege.puppets = true;
    return siege;
  }

  async start(id: string, overrides: Record<string, string> = {}): Promise<void> {
    this.nodes.set(
      id,
      await NodeProcess.start(
        this.fleet.environment(id, this.coordinator.port, {
          TEST_CHECKS_OFF: this.switches,
          ...(id === VICTIM ? this.victimSettings : {}),
          ...overrides,
        }),
        { build: 'with-switches' },
      ),
    );
  }

  async newEpoch(): Promise<void> {
    const before = this.coordinator.local.state.epoch?.body.epoch ?? 0;
    this.puppets = false;
    this.coordinator.startEpoch();
    await eventually('an epoch', () => (this.coordinator.local.state.epoch?.body.epoch ?? 0) > before);
    this.puppets = true;
  }

  async lift(): Promise<void> {
    clearInterval(this.ticker);
    await Promise.all([...this.nodes.values()].map((node) => node.stop('SIGKILL')));
    await this.coordinator.close();
    this.fleet.remove();
    off.clear();
  }

  private get switches(): string {
    return join(this.fleet.folder, 'checks-off');
  }

  /** Takes these checks away, from everybody. */
  switchOff(checks: readonly string[]): void {
    off.clear();
    for (const check of checks) off.add(check);
    writeFileSync(this.switches, checks.join('\n'));
  }

  node(id: string): NodeProcess {
    const node = this.nodes.get(id);
    if (!node) throw new Error(`there is no process of ${id}`);
    return node;
  }

  identity(id: string): Identity {
    return this.fleet.routers.find((router) => router.id === id) as Identity;
  }

  memberIndex(id: string): MemberIndex {
    return this.epochMembers.indexOf(id) as MemberIndex;
  }

  get epochMembers(): string[] {
    return (this.coordinator.local.state.epoch?.body.members ?? []).map((member) => member.id);
  }

  /**
   * The victim's router hands this many successful requests of the first key to its sidecar. Returns what they make of
   * a vector.
   */
  async victimObserves(requests: number, round?: VerifiedRound): Promise<(round: VerifiedRound) => Float64Array> {
    const observation = { model: 'm1', task: 't1', success: true, latency_s: 1 };
    await this.node(VICTIM).client.postObservations(Array.from({ length: requests }, () => observation));
    return (of: VerifiedRound) => vectorOf(round ?? of, requests);
  }

  /** Announces a round, and waits for the victim's contribution to it. */
  async openRound(plan: Partial<RoundPlan> = {}): Promise<VerifiedRound> {
    const node = this.node(VICTIM);
    for (;;) {
      const key = this.coordinator.startRound({
        minParticipantsPerGroup: 3,
        maxParticipants: 64,
        durationMs: 600_000,
        ...plan,
      });
      const { verified: round, accepted } = this.coordinator.round(key);
      const isMissed = () => node.log.some((line) => line.code === 'slot_missed' && line.round === round.config.round);
      await eventually("the victim's contribution", () => accepted.has(VICTIM as never) || isMissed());
      if (accepted.has(VICTIM as never)) return round;
      // The machine is too busy: the victim was not ready at its time, and sits the round out.
      this.giveUpRounds();
    }
  }

  /** Gives all rounds up, so that nobody waits for them any more. */
  giveUpRounds(): void {
    const { local } = this.coordinator;
    for (const [key, { phase }] of local.state.rounds)
      if (phase === 'collecting') local.commit({ events: [{ type: 'round-undecided', key }], reply: undefined });
  }

  contributionOf(round: VerifiedRound, router = VICTIM): Contribution {
    return contributionMessage.decode(this.coordinator.local.context.contribution(keyOf(round), router as never));
  }

  /** What members are shown of the round from now on, in the order they expect. */
  show(round: VerifiedRound, contributions: readonly Contribution[]): void {
    const routerOf = ({ header }: Contribution) => headerRouter(header);
    this.shown.set(
      keyOf(round),
      [...contributions].sort((a, b) => (routerOf(a) < routerOf(b) ? -1 : 1)),
    );
  }

  /** The contributions as one member is shown them. */
  shownTo(round: VerifiedRound, member: MemberIndex): MemberView[] {
    return viewsFor(member, this.shown.get(keyOf(round)) ?? []);
  }

  headers(round: VerifiedRound): CheckedHeader[] {
    return (this.shown.get(keyOf(round)) ?? []).map(({ header }) => ({
      signed: header,
      header: headerMessage.decode(header.body),
      hash: headerHash(header),
    }));
  }

  /** Gives a member a piece of work and waits for what it says to it. */
  async ask(id: string, item: RoundItem): Promise<Said> {
    const node = this.node(id);
    const from = node.log.length;
    const member = this.memberIndex(id);
    const part = (
      { report: 'reports', vote: 'votes', abort: 'votes', answer: 'answers', transfer: 'transfers' } as const
    )[item.kind];
    this.captured.splice(
      0,
      this.captured.length,
      ...this.captured.filter((entry) => entry.member !== member || entry.part !== part),
    );
    const certificate = this.coordinator.local.state.epoch?.certificate;
    if (!certificate) throw new Error('no epoch');
    this.asked.set(
      id,
      workMessage.encode({ items: [item], epoch_certificates: [epochCertificateMessage.encode(certificate)] }),
    );
    let said: Said | undefined;
    await eventually(`${id} to say something about ${item.kind}`, () => {
      const sent = this.captured.find(
        (entry) => entry.key === roundKey(item.cluster, item.round) && entry.member === member && entry.part === part,
      );
      const refused = node.log
        .slice(from)
        .find(
          ({ msg, kind, round }) =>
            (msg === 'work refused' || msg === 'work not done yet') && kind === item.kind && round === item.round,
        );
      if (sent) said = { sent: sent.bytes };
      else if (refused) said = { refused };
      return said !== undefined;
    });
    return said as Said;
  }

  /** The reports of honest members on what is shown; throws the first refusal's line. */
  async reports(round: VerifiedRound, members: readonly string[] = HONEST): Promise<Signed[]> {
    return Promise.all(
      members.map(async (id) => signedMessage.decode(must(await this.ask(id, { kind: 'report', ...about(round) })))),
    );
  }

  /** The accomplice's report, with whatever it likes in it. */
  falseReport(round: VerifiedRound, usable: (index: number) => boolean): Signed {
    const headers = this.headers(round);
    const bits = new Uint8Array(Math.ceil(headers.length / 8));
    headers.forEach((_, i) => {
      if (usable(i)) bits[i >> 3] |= 1 << (i & 7);
    });
    const body: Report = {
      ...inRound(round),
      member: this.memberIndex(ACCOMPLICE),
      headers_root: headersRoot(headers),
      count: headers.length,
      usable: bits,
    };
    return signDocument(reportMessage, round.config.fleet, body, this.accompliceVoteKey(round));
  }

  /** The coordinator signs whatever list it shows. */
  closing(round: VerifiedRound): Signed {
    const headers = this.headers(round);
    const closing = { ...inRound(round), headers_root: headersRoot(headers), count: headers.length };
    return signDocument(closingMessage, round.config.fleet, closing, this.fleet.coordinator.secretKey);
  }

  propose(round: VerifiedRound, reports: readonly Signed[]): Signed {
    const inOrder = [...reports].sort(
      (a, b) => reportMessage.decode(a.body).member - reportMessage.decode(b.body).member,
    );
    return signDocument(
      proposalMessage,
      round.config.fleet,
      { ...inRound(round), reports: inOrder },
      this.fleet.coordinator.secretKey,
    );
  }

  /** The coordinator's wish that the round be aborted. */
  abortRequest(round: VerifiedRound): Signed {
    const body = { ...inRound(round), reason: 'policy', at_ms: Date.now() } as const;
    return signDocument(abortRequestMessage, round.config.fleet, body, this.fleet.coordinator.secretKey);
  }

  /** Asks these members to vote for a proposal. */
  async votes(round: VerifiedRound, proposal: Signed, members: readonly string[]): Promise<Said[]> {
    return Promise.all(members.map((id) => this.ask(id, { kind: 'vote', ...about(round), proposal })));
  }

  /** The accomplice signs whatever is needed. */
  accompliceVote(round: VerifiedRound, body: Bytes): Vote {
    const signature = signMessage(
      this.accompliceVoteKey(round),
      { type: voteBodyMessage.type, fleet: round.config.fleet },
      body,
    );
    return { body, member: this.memberIndex(ACCOMPLICE), signature };
  }

  accompliceVoteKey({ config }: VerifiedRound): Bytes {
    return this.accomplice.state.seats.get(config.epoch)?.secrets?.voteSecret as Bytes;
  }

  /** What these honest members' votes and the accomplice's make. Throws the first refusal's line. */
  decision(round: VerifiedRound, said: readonly Said[], withAccomplice = true): Decision {
    const votes = said.map((entry) => voteMessage.decode(must(entry)));
    const all = withAccomplice ? [...votes, this.accompliceVote(round, votes[0].body)] : votes;
    return {
      body: votes[0].body,
      votes: all.map(({ member, signature }) => ({ member, signature })).sort((a, b) => a.member - b.member),
    };
  }

  /** The answers of these members to a decision, with the words of every piece. */
  async answers(
    round: VerifiedRound,
    proposal: Signed,
    decision: Decision,
    members: readonly string[],
    transfers: Signed[] = [],
  ): Promise<Said[]> {
    const body = voteBodyMessage.decode(decision.body) as Extract<VoteBody, { kind: 'ready' }>;
    return Promise.all(
      members.map((id) => {
        const index = this.memberIndex(id);
        const pieces = body.groups.flatMap(({ group }) =>
          round.epoch.pieces.filter((piece) => ((piece >> index) & 1) === 0).map((piece) => ({ group, piece })),
        );
        return this.ask(id, {
          kind: 'answer',
          ...about(round),
          proposal,
          decision: decisionMessage.encode(decision),
          pieces,
          transfers,
        });
      }),
    );
  }

  /** The sum of a group of the contributions shown, from the answers' keystreams. Throws the first refusal's line. */
  opened(round: VerifiedRound, said: readonly Said[], group = 0, routers?: readonly string[]): Float64Array {
    const bits = round.config.layout.word_bits;
    const sum = new WordSum(round.dimension, bits);
    const pads = new WordSum(round.dimension, bits);
    const answers = said.map((entry) => answerBodyMessage.decode(must(entry)));
    for (const piece of round.epoch.pieces) {
      const words = answers.flatMap(({ pieces }) =>
        pieces.filter((entry) => entry.group === group && entry.piece === piece),
      )[0]?.words;
      if (!words) throw new Error(`nobody answered piece ${piece}`);
      pads.addPacked(words);
    }
    for (const contribution of this.shown.get(keyOf(round)) ?? []) {
      const header = headerMessage.decode(contribution.header.body);
      if (header.group === group && (routers === undefined || routers.includes(header.router)))
        sum.addPacked(contribution.ciphertext);
    }
    sum.subtract(pads);
    return sum.toSigned();
  }

  /** Offers the victim a round of this configuration. Returns what it contributes; throws its refusal. */
  async offer(
    config: RoundConfig,
    certificate: EpochCertificate,
    secretKey = this.fleet.coordinator.secretKey,
  ): Promise<{ round: VerifiedRound; contribution: Contribution }> {
    const announcement = signDocument(roundConfigMessage, config.fleet, config, secretKey);
    const round = deriveRound(this.fleet.view, deriveEpoch(certificate), announcement);
    const node = this.node(VICTIM);
    const from = node.log.length;
    this.offers.push(openRoundMessage.encode({ announcement, epoch_certificate: certificate }));
    const hash = hexOf(round.configHash);
    const refusal = () =>
      node.log.slice(from).find((line) => line.msg === 'round refused' && line.round === config.round);
    const gain = () => this.gained.find(({ configHash }) => configHash === hash);
    await eventually('the victim to join or refuse', () => gain() !== undefined || refusal() !== undefined);
    const gained = gain();
    if (!gained) throw new Refused(refusal() as LogLine);
    return { round, contribution: gained.contribution };
  }

  /** Asks a member for a seat or for its signature on a list of keys. */
  async askForEpoch(id: string, item: Extract<WorkItem, { kind: 'seat' | 'sign-epoch' }>): Promise<Said> {
    const node = this.node(id);
    const from = node.log.length;
    this.asked.set(id, workMessage.encode({ items: [item], epoch_certificates: [] }));
    const name = `${item.kind}/${item.kind === 'seat' ? item.epoch : epochMessage.decode(item.body).epoch}/${id}`;
    this.epochReplies.delete(name);
    const refusal = () => node.log.slice(from).find(({ msg, kind }) => msg === 'work refused' && kind === item.kind);
    await eventually(
      `${id} to say something about ${item.kind}`,
      () => this.epochReplies.has(name) || refusal() !== undefined,
    );
    const sent = this.epochReplies.get(name);
    return sent ? { sent } : { refused: refusal() as LogLine };
  }

  private readonly epochReplies = new Map<string, Bytes>();

  /** Lets the coordinator, honest for once, run the committee's part. */
  async honestly<T>(run: () => Promise<T>): Promise<T> {
    this.puppets = false;
    try {
      return await run();
    } finally {
      this.puppets = true;
    }
  }

  private intercept(request: IncomingMessage, response: ServerResponse): boolean {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, , , cluster, , number, part] = url.pathname.split('/');
    if (this.answer(url, request, response)) return true;
    if (number === 'open' && url.searchParams.get('router') === VICTIM && this.offers.length > 0) {
      response.writeHead(200).end(this.offers.shift());
      return true;
    }
    if (part === 'contributions' && !this.coordinator.local.state.rounds.has(`${cluster}/${number}`)) {
      void bodyOf(request).then((bytes) => this.gain(bytes, response));
      return true;
    }
    if (!this.puppets) return false;
    if (
      part === undefined &&
      cluster !== undefined &&
      (cluster === 'seats' || cluster === 'epoch-signatures') &&
      request.method === 'POST'
    ) {
      void bodyOf(request).then((bytes) => {
        this.epochReplies.set(epochReplyName(cluster, bytes), bytes);
        response.writeHead(204).end();
      });
      return true;
    }
    if (url.pathname === '/v1/committee/work') {
      const id = url.searchParams.get('member') as string;
      const work = this.asked.get(id);
      this.asked.delete(id);
      setTimeout(() => (work ? response.writeHead(200).end(work) : response.writeHead(204).end()), work ? 0 : 30);
      return true;
    }
    if (part === 'views') {
      const member = Number(url.searchParams.get('member')) as MemberIndex;
      const key = `${cluster}/${number}`;
      const views = viewsFor(member, this.shown.get(key) ?? []);
      const closing = this.closing(this.coordinator.round(key).verified);
      response.writeHead(200).end(
        memberViewsMessage.encode({
          cluster: cluster as never,
          round: Number(number) as never,
          member,
          views,
          closing,
        }),
      );
      return true;
    }
    if (part === 'reports' || part === 'votes' || part === 'answers' || part === 'transfers') {
      void this.capture(`${cluster}/${number}`, part, request).then(() => response.writeHead(204).end());
      return true;
    }
    return false;
  }

  private async capture(key: string, part: Part, request: IncomingMessage): Promise<void> {
    const bytes = await bodyOf(request);
    this.captured.push({ key, part, bytes, member: memberOf(part, bytes) });
  }

  /** The victim's contribution to a round that only it knows of. */
  private gain(bytes: Bytes, response: ServerResponse): void {
    const contribution = contributionMessage.decode(bytes);
    const header = headerMessage.decode(contribution.header.body);
    this.gained.push({ configHash: hexOf(header.config_hash), contribution });
    response.writeHead(201).end(signedMessage.encode(this.receiptFor(contribution.header)));
  }

  /** Whatever becomes of the contribution. */
  receiptFor(signed: Signed): Signed {
    const { fleet, cluster, round, config_hash, router } = headerMessage.decode(signed.body);
    const receipt = {
      v: 1 as const,
      fleet,
      cluster,
      round,
      config_hash,
      router,
      coordinator: this.fleet.coordinator.id,
      header_hash: headerHash(signed),
    };
    return signDocument(receiptMessage, fleet, receipt, this.fleet.coordinator.secretKey);
  }
}

function epochReplyName(part: 'seats' | 'epoch-signatures', bytes: Bytes): string {
  const { epoch, member } =
    part === 'seats' ? seatMessage.decode(signedMessage.decode(bytes).body) : epochSignatureMessage.decode(bytes);
  return `${part === 'seats' ? 'seat' : 'sign-epoch'}/${epoch}/${member}`;
}

export async function bodyOf(request: IncomingMessage): Promise<Bytes> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new Uint8Array(Buffer.concat(chunks));
}

const hexOf = (bytes: Bytes): string => Buffer.from(bytes).toString('hex');

function memberOf(part: Part, bytes: Bytes): number {
  if (part === 'votes') return voteMessage.decode(bytes).member;
  if (part === 'answers') return answerMessage.decode(answerBodyMessage.decode(bytes).answer.body).member;
  const { body } = signedMessage.decode(bytes);
  return part === 'reports' ? reportMessage.decode(body).member : transferMessage.decode(body).from;
}

const viewsFor = (member: MemberIndex, contributions: readonly Contribution[]): MemberView[] =>
  contributions.map(({ header, commitments, boxes }) => ({ header, commitments, box: boxes[member] }));

const headerRouter = (header: Signed): string => headerMessage.decode(header.body).router;

const keyOf = ({ config }: VerifiedRound): string => roundKey(config.cluster, config.round);
export const about = ({ config, announcement }: VerifiedRound) => ({
  cluster: config.cluster,
  round: config.round,
  announcement,
});

/** A refusal that stands in the way of an attack. */
export class Refused extends Error {
  constructor(readonly line: LogLine) {
    super(`${String(line.msg)}: ${String(line.detail)} (${String(line.check)})`);
  }
}

export function must(said: Said): Bytes {
  if (said.refused) throw new Refused(said.refused);
  return said.sent;
}

/** What `requests` successful requests of the first key make of a vector. */
export function vectorOf(round: VerifiedRound, requests: number): Float64Array {
  const { layout } = round.config;
  const vector = new Float64Array(round.dimension);
  const row = new Float64Array(layout.fields.length);
  for (let i = 0; i < requests; i++) {
    const k = encodeObservation(layout, { model: 'm1', task: 't1', success: true, latency_s: 1 }, row);
    row.forEach((value, f) => {
      vector[k * layout.fields.length + f] += value;
    });
  }
  return vector;
}
