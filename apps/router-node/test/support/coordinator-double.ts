/**
 * The coordinator's HTTP interface over its state machine, with its state in memory: what router-node processes talk to
 * in tests.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  announceRound,
  type CoordinatorTimings,
  decidedList,
  inclusionProof,
  LocalCoordinator,
  proofOfRound,
  type RoundPlan,
  roundKey,
  type RoundState,
  startEpoch,
  takeFreshness,
} from '@secagg/protocol';
import {
  decisionProofMessage,
  defaultFields,
  epochSignatureMessage,
  fleetDocumentsMessage,
  freshnessProofMessage,
  inclusionProofMessage,
  type MemberIndex,
  type PartyId,
  problems,
  roundStatusMessage,
  SecaggError,
  signedMessage,
  voteMessage,
  workMessage,
} from '@secagg/schema';
import { portOf } from '@secagg/testbed/ports';
import { comesAbout } from '@secagg/testbed/wait';
import { type TestFleet } from './fleet';

export const catalogue = ['m1:t1', 'm1:t2', 'm2:t1'];

type Answer = { status?: number; body?: Uint8Array | string } | undefined;

const FINAL = ['published', 'aborted', 'undecided'];
const LIFETIME_MS = 3_600_000;

export class CoordinatorDouble {
  readonly local: LocalCoordinator;
  /** Bodies of contributions in the order they came, by router, and when each began to come (`performance.now`). */
  readonly received: { router: string; bytes: Uint8Array; atMs: number }[] = [];
  /** Requests that were refused, with their codes. */
  readonly refused: { path: string; code: string }[] = [];
  /** Does with a request what a test wants instead, by answering true. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  private server: Server | undefined;
  private closed = false;
  private readonly ticker: NodeJS.Timeout;
  port = 0;

  constructor(
    readonly fleet: TestFleet,
    timings: CoordinatorTimings = {
      reportGraceMs: 200,
      answerGraceMs: 500,
      proposalTimeoutMs: 8000,
      undecidedTimeoutMs: 30_000,
    },
  ) {
    this.local = new LocalCoordinator(fleet.view, fleet.coordinator, timings);
    this.local.commit({ events: takeFreshness(this.local.state, fleet.freshness, Date.now()), reply: undefined });
    this.ticker = setInterval(() => this.local.tick(Date.now()), 20);
  }

  async listen(port = 0): Promise<void> {
    const server = createServer((request, response) => this.answerTo(request, response));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    this.server = server;
    this.port = portOf(server);
  }

  /** Also for a server of another kind. */
  answerTo(request: IncomingMessage, response: ServerResponse): void {
    if (!this.intercept(request, response)) void this.serve(request, response);
  }

  /** Is away, with its state kept. */
  async hangUp(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    server?.closeAllConnections();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.ticker);
    await this.hangUp();
  }

  startEpoch(): void {
    this.local.commit(startEpoch(this.local.state, LIFETIME_MS, Date.now()));
  }

  /** Also beside open ones. @returns key of the announced round */
  startRound(plan: Partial<RoundPlan> = {}): string {
    const { cluster } = this.fleet;
    const { local } = this;
    local.commit(
      announceRound(
        local.state,
        local.context,
        {
          keys: catalogue,
          fields: defaultFields({ cost: true }),
          maxRequestsPerRouter: 1000,
          minParticipantsPerGroup: 2,
          maxParticipants: this.fleet.routers.length,
          groups: 1,
          privacy: { unit: 'request', rho: 'unsafe-none', assumedColluders: 0, deltaInverse: 1_000_000 },
          sendDelayMs: 0,
          durationMs: 15_000,
          ...plan,
          cluster,
        },
        Date.now(),
        true,
      ),
    );
    return roundKey(cluster, local.state.latestRound.get(cluster) as number);
  }

  round(key: string): RoundState {
    return this.local.state.rounds.get(key) as RoundState;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrivedMs = performance.now();
    const url = new URL(request.url ?? '/', 'http://localhost');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    try {
      const answer = await this.answer(request.method ?? 'GET', url, Buffer.concat(chunks), arrivedMs);
      response.writeHead(answer ? (answer.status ?? 200) : 204, { 'content-type': 'application/cbor' });
      response.end(answer?.body);
    } catch (error) {
      const { code, message, details } =
        error instanceof SecaggError ? error : new SecaggError('internal', String(error));
      this.refused.push({ path: url.pathname, code });
      response.writeHead(problems[code].status, { 'content-type': 'application/problem+json' });
      response.end(
        JSON.stringify({
          ...details,
          type: `urn:secagg:problem:${code}`,
          title: problems[code].title,
          status: problems[code].status,
          detail: message,
          code,
        }),
      );
    }
  }

  private async answer(method: string, url: URL, body: Uint8Array, arrivedMs: number): Promise<Answer> {
    const { local } = this;
    const { searchParams: query, pathname: path } = url;
    const [, , kind, cluster, , number, part] = path.split('/');
    const waitMs = Number(query.get('wait_ms') ?? 0);
    if (path === '/v1/fleet') return { body: fleetDocumentsMessage.encode(this.fleet.documents) };
    if (path === '/v1/freshness') return { body: freshnessProofMessage.encode(this.fleet.freshness) };
    if (path === '/v1/committee/work') return this.work(query.get('member') as PartyId, query.get('seen'), waitMs);
    if (path === '/v1/committee/seats') return void local.takeSeat(signedMessage.decode(body), Date.now());
    if (path === '/v1/committee/epoch-signatures')
      return void local.takeEpochSignature(epochSignatureMessage.decode(body), Date.now());
    if (kind !== 'clusters') throw new SecaggError('not_found', path);
    if (number === 'open') return this.openRound(cluster, Number(query.get('after')), waitMs);
    if (number === 'latest') return this.latest(cluster);
    const key = roundKey(cluster, Number(number));
    if (!local.state.rounds.has(key)) throw new SecaggError('no_round', key);
    if (part === undefined) return this.status(key, waitMs);
    if (part === 'transcript') return { body: local.publish(key) };
    if (part === 'decision') return { body: this.decision(key) };
    if (part === 'inclusion') return { body: this.inclusion(key, query.get('router') as PartyId) };
    if (part === 'views') return { body: local.views(key, Number(query.get('member')) as MemberIndex) };
    if (part === 'contributions') return this.contribution(key, body, arrivedMs);
    if (part === 'reports') return void local.takeReport(key, signedMessage.decode(body));
    if (part === 'votes') return void local.takeVote(key, voteMessage.decode(body), Date.now());
    if (part === 'transfers') return void local.takeTransfer(key, signedMessage.decode(body));
    if (part === 'answers') return void local.takeAnswer(key, body, Date.now());
    throw new SecaggError('not_found', `${method} ${path}`);
  }

  decision(key: string): Uint8Array {
    const { documents, verified: round, decision } = this.round(key);
    if (!decision) throw new SecaggError('no_decision', 'not decided');
    return decisionProofMessage.encode(proofOfRound(documents, round, decision));
  }

  inclusion(key: string, router: PartyId): Uint8Array {
    const { headers, proposal, decision } = this.round(key);
    if (!proposal || !decision) throw new SecaggError('no_decision', 'not decided');
    const list = decidedList({
      headers,
      set: proposal.set,
      reports: proposal.proposal.reports,
      decision: decision.decision,
    });
    return inclusionProofMessage.encode(inclusionProof(list, router));
  }

  private contribution(key: string, bytes: Uint8Array, atMs: number): Answer {
    const receipt = this.local.contribute(key, bytes);
    this.received.push({ router: [...this.round(key).accepted.keys()].at(-1) as string, bytes, atMs });
    return { status: 201, body: signedMessage.encode(receipt) };
  }

  private async work(member: PartyId, seen: string | null, waitMs: number): Promise<Answer> {
    let body: Uint8Array | undefined;
    await comesAbout(() => {
      const next = this.local.work(member, Date.now());
      body = sha256(next) === seen || next.length === emptyWork ? undefined : next;
      return this.closed || body !== undefined;
    }, waitMs);
    return body && { body };
  }

  private async openRound(cluster: string, after: number, waitMs: number): Promise<Answer> {
    const open = () =>
      [...this.local.state.rounds].find(
        ([, { phase, verified: round }]) =>
          phase === 'collecting' && round.config.cluster === cluster && round.config.round > after,
      )?.[0];
    await comesAbout(() => this.closed || open() !== undefined, waitMs);
    const key = open();
    return key === undefined ? undefined : { body: this.local.open(key) };
  }

  private async status(key: string, waitMs: number): Promise<Answer> {
    const round = this.round(key);
    await comesAbout(() => this.closed || FINAL.includes(round.phase), waitMs);
    const { cluster, round: number } = round.verified.config;
    const decision = round.phase === 'aborted' ? round.decision?.decision : undefined;
    return {
      body: roundStatusMessage.encode({
        cluster,
        round: number,
        phase: round.phase,
        contributions: round.accepted.size,
        ...(decision ? { decision } : {}),
      }),
    };
  }

  private latest(cluster: string): Answer {
    const round = this.local.state.latestRound.get(cluster);
    if (round === undefined) throw new SecaggError('no_round', 'none yet');
    return { body: JSON.stringify({ round, phase: this.round(roundKey(cluster, round)).phase }) };
  }
}

const emptyWork = workMessage.encode({ items: [], epoch_certificates: [] }).length;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
