/** Routers and members that speak to a coordinator over HTTP, with their states in memory. */
import { CoordinatorClient } from '@secagg/client';
import {
  answer,
  askedToAbort,
  checkClosing,
  checkRound,
  contribute,
  decidedSet,
  deriveEpoch,
  emptyMember,
  emptyRouter,
  epochHash,
  evolveMember,
  evolveRouter,
  type FleetView,
  type Identity,
  type MemberEvent,
  type MemberState,
  type OpenedViews,
  openViews,
  receiveReceipt,
  report,
  roundKey,
  type RouterContext,
  type RouterEvent,
  type RouterState,
  sameBytes,
  settlePublished,
  signDocument,
  signEpoch,
  type Step,
  takeSeat,
  type VerifiedRound,
  verifyAnnouncement,
  voteAbort,
  voteReady,
} from '@secagg/protocol';
import {
  type Bytes,
  type ClusterHash,
  encodeObservation,
  epochCertificateMessage,
  epochMessage,
  type MemberIndex,
  type OpenRound,
  operatorRequestMessage,
  type RandomBytes,
  roundConfigMessage,
  SecaggError,
  type Signed,
  type WorkItem,
} from '@secagg/schema';
import { random } from '@secagg/testbed/random';
import { type TestFleet } from './fleet';

export const operatorRequest = (
  fleet: TestFleet,
  operator: Identity,
  request:
    | { action: 'start-epoch' }
    | { action: 'start-round'; cluster: ClusterHash; overrides?: object; force?: true },
  issuedAtMs = Date.now(),
): Signed =>
  signDocument(
    operatorRequestMessage,
    fleet.authority.fleet,
    {
      v: 1,
      fleet: fleet.authority.fleet,
      operator: operator.id,
      nonce: random(16),
      issued_at_ms: issuedAtMs,
      ...request,
    },
    operator.secretKey,
  );

/** What a router sends: `requests` successful requests of the first key, of `latency` seconds each. */
export function vectorOf(round: VerifiedRound, requests: number, latency = 1): Float64Array {
  const { layout } = round.config;
  const vector = new Float64Array(round.dimension);
  const row = new Float64Array(layout.fields.length);
  for (let i = 0; i < requests; i++) {
    const k = encodeObservation(layout, { model: 'm1', task: 't1', success: true, latency_s: latency }, row);
    row.forEach((value, f) => {
      vector[k * layout.fields.length + f] += value;
    });
  }
  return vector;
}

/** What a party has in place of its host's randomness and clock, for a history that is the same in every run. */
export interface UnsafeHost {
  readonly random: RandomBytes;
  readonly now: () => number;
}

const host: UnsafeHost = { random, now: Date.now };

export class HttpRouter implements RouterContext {
  readonly limits = {
    privacyUnit: 'request' as const,
    maxRoundRhoUnits: Number.MAX_SAFE_INTEGER,
    budget: { units: Number.MAX_SAFE_INTEGER, window: 'lifetime' as const },
    minHonestPerGroup: 1,
    unsafeNoNoise: true,
  };
  readonly state: RouterState;

  constructor(
    view: FleetView,
    readonly identity: Identity,
    private readonly unsafeHost = host,
  ) {
    this.state = emptyRouter(view);
  }

  commit<R>(step: Step<RouterEvent, R>): R {
    for (const event of step.events) evolveRouter(this.state, event);
    return step.reply;
  }

  /** The bytes of a contribution, built once. */
  build(open: OpenRound, requests: number): Bytes {
    return this.buildFrom(open, (round) => vectorOf(round, requests));
  }

  /** The same of any vector. */
  buildFrom(open: OpenRound, vector: (round: VerifiedRound) => Float64Array): Bytes {
    const { random: draw, now } = this.unsafeHost;
    const round = checkRound(this.state, this, open, now());
    return this.commit(contribute(this.state, this, round, vector(round), draw, now()));
  }

  async send(client: CoordinatorClient, open: OpenRound, bytes: Bytes): Promise<Signed> {
    const { cluster, round } = roundConfigMessage.decode(open.announcement.body);
    const receipt = await client.contribute(cluster, round, bytes);
    this.commit(receiveReceipt(this.state, this, roundKey(cluster, round), receipt));
    return receipt;
  }

  async settle(client: CoordinatorClient, cluster: ClusterHash, round: number) {
    return this.commit(
      settlePublished(this.state, roundKey(cluster, round), await client.transcript(cluster, round), Date.now()),
    );
  }
}

export class HttpMember {
  readonly state: MemberState;
  private readonly opened = new Map<string, OpenedViews>();
  private readonly stopped = new AbortController();
  /** What ended the service before it was stopped. */
  failure: Error | undefined;
  /** Kinds of work that are silently left undone. */
  readonly ignores = new Set<WorkItem['kind']>();

  constructor(
    view: FleetView,
    readonly identity: Identity,
    private readonly unsafeHost = host,
  ) {
    this.state = emptyMember(view);
  }

  commit<R>(step: Step<MemberEvent, R>): R {
    for (const event of step.events) evolveMember(this.state, event);
    return step.reply;
  }

  /** Serves until stopped; survives a coordinator that is away. */
  async serve(origin: () => string): Promise<void> {
    let seen: string | undefined;
    while (!this.stopped.signal.aborted) {
      const client = new CoordinatorClient({ url: origin() });
      try {
        const reply = await client.work(
          this.identity.id,
          { waitMs: 2000, ...(seen ? { seen } : {}) },
          { signal: this.stopped.signal },
        );
        if (reply) {
          for (const item of reply.work.items) await this.handle(client, item, reply.work.epoch_certificates);
          // What was left undone is asked for again: `seen` says that all of it was handled.
          const isAllHandled = !reply.work.items.some(({ kind }) => this.ignores.has(kind));
          seen = isAllHandled ? reply.hash : undefined;
          if (!isAllHandled) await new Promise((resolve) => setTimeout(resolve, 50));
        }
      } catch (error) {
        if (this.stopped.signal.aborted) return;
        if (!(error instanceof SecaggError)) {
          this.failure = error as Error;
          return;
        }
        seen = undefined;
        await new Promise((resolve) => setTimeout(resolve, 50));
      } finally {
        await client.close();
      }
    }
  }

  stop(): void {
    this.stopped.abort();
    if (this.failure !== undefined) throw this.failure;
  }

  protected async handle(client: CoordinatorClient, item: WorkItem, certificates: readonly Bytes[]): Promise<void> {
    if (this.ignores.has(item.kind)) return;
    const now = this.unsafeHost.now();
    if (item.kind === 'seat')
      return client.sendSeat(this.commit(takeSeat(this.state, this, item, this.unsafeHost.random, now)));
    if (item.kind === 'sign-epoch')
      return client.sendEpochSignature(this.commit(signEpoch(this.state, this, item.body, now)));
    const { cluster, round: number } = item;
    const { round, member } = this.roundOf(item.announcement, certificates);
    if (item.kind === 'abort')
      return client.sendVote(
        cluster,
        number,
        this.commit(voteAbort(this.state, round, member, askedToAbort(round, item, now))),
      );
    const opened = await this.open(client, round, member);
    if (item.kind === 'report') return client.sendReport(cluster, number, this.commit(report(this.state, opened)));
    if (item.kind === 'vote')
      return client.sendVote(cluster, number, this.commit(voteReady(this.state, opened, item.proposal)));
    if (item.kind === 'transfer') return undefined;
    const decided = decidedSet(opened, item.proposal, item.decision);
    return client.sendAnswer(cluster, number, this.commit(answer(this.state, opened, decided, item.pieces)));
  }

  private roundOf(announcement: Signed, certificates: readonly Bytes[]): { round: VerifiedRound; member: MemberIndex } {
    const { epoch_hash } = roundConfigMessage.decode(announcement.body);
    const certificate = certificates
      .map((bytes) => epochCertificateMessage.decode(bytes))
      .find(({ body }) => sameBytes(epochHash(body), epoch_hash));
    if (!certificate) throw new SecaggError('wrong_epoch', 'the certificate of the epoch is missing');
    const member = epochMessage
      .decode(certificate.body)
      .members.findIndex(({ id }) => id === this.identity.id) as MemberIndex;
    return { round: verifyAnnouncement(this.state.view, deriveEpoch(certificate), announcement), member };
  }

  private async open(client: CoordinatorClient, round: VerifiedRound, member: MemberIndex): Promise<OpenedViews> {
    const key = roundKey(round.config.cluster, round.config.round);
    const held = this.opened.get(key);
    if (held) return held;
    const secrets = this.state.seats.get(round.config.epoch)?.secrets;
    if (!secrets) throw new SecaggError('no_seat', 'the secrets of the epoch are gone');
    const { views, closing } = await client.views(round.config.cluster, round.config.round, member);
    const opened = openViews(round, member, secrets.kemSecret, views);
    checkClosing(opened, closing);
    this.opened.set(key, opened);
    return opened;
  }
}
