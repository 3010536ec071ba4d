/**
 * The coordinator's API, typed. Waiting calls are long polls and give undefined when their time is over. One file, since
 * it is a list: one short method for each operation.
 */
import { createHash } from 'node:crypto';
import {
  type AnswerBody,
  answerBodyMessage,
  type ClusterCatalogue,
  clusterCatalogueSchema,
  type DecisionProof,
  decisionProofMessage,
  type EpochCertificate,
  epochCertificateMessage,
  type EpochSignature,
  epochSignatureMessage,
  evidenceMessage,
  fleetDocumentsMessage,
  type FreshnessProof,
  freshnessProofMessage,
  type InclusionProof,
  inclusionProofMessage,
  type MemberViews,
  memberViewsMessage,
  type OpenRound,
  openRoundMessage,
  operatorRequestMessage,
  type RoundPhase,
  type RoundStatus,
  roundStatusMessage,
  SecaggError,
  type Signed,
  signedMessage,
  type SuspicionReport,
  suspicionReportSchema,
  type Transcript,
  transcriptMessage,
  type Vote,
  voteMessage,
  type Work,
  workMessage,
} from '@secagg/schema';
import { z } from 'zod';
import { type FleetDocuments, putFleet, putFreshness } from '../fleet-documents';
import { backoffDelay, defaultBackoff, pause } from '../http/backoff';
import { cbor, getJson, getMessage, pollMessage, postBytes, unless } from '../http/messages';
import { waitAfter } from '../http/retry-after';
import { type CallOptions, Transport, type TransportOptions } from '../http/transport';
import { type PublishedSignal, publishedSignalSchema } from '../published-signal';

export type CoordinatorClientOptions = Omit<TransportOptions, 'name'>;

export interface WorkReply {
  readonly work: Work;
  /** SHA-256 of the body in hexadecimal: what the next call passes as `seen` once the work is handled. */
  readonly hash: string;
}

export const latestRoundSchema = z.looseObject({
  cluster: z.string().optional(),
  round: z.int().min(1),
  phase: z.string(),
  contributions: z.int().optional(),
  /** Of a round that is not over. */
  deadline_ms: z.int().optional(),
  /** Why members were asked to abort it. */
  reason: z.string().optional(),
  /**
   * Of an interval: when the coordinator starts the next one by itself, and why that is later than one interval after
   * the last.
   */
  next: z
    .looseObject({
      at_ms: z.int(),
      put_off: z.looseObject({ reason: z.string(), detail: z.string(), intervals: z.int() }).optional(),
    })
    .optional(),
});
export type LatestRound = z.infer<typeof latestRoundSchema>;

export const coordinatorEvidenceSchema = z.looseObject({
  evidence: z.array(
    z.looseObject({
      id: z.string(),
      kind: z.string(),
      party: z.string(),
      serial: z.int(),
      cluster: z.string().optional(),
      round: z.int().optional(),
      epoch: z.int().optional(),
      at: z.string(),
      excluded: z.boolean(),
    }),
  ),
});
export type EvidenceEntry = z.infer<typeof coordinatorEvidenceSchema>['evidence'][number];

const MAX_EMPTY_BYTES = 1024;
const OPERATOR_ATTEMPTS = 6;

const pathOf = (cluster: string, round: number): string =>
  `/v1/clusters/${encodeURIComponent(cluster)}/rounds/${round}`;

export class CoordinatorClient {
  private readonly transport: Transport;

  constructor(options: CoordinatorClientOptions) {
    this.transport = new Transport({ ...options, name: 'coordinator' });
  }

  close(): Promise<void> {
    return this.transport.close();
  }

  // --- standing

  /** Proven misbehaviour that the coordinator keeps evidence of. */
  async evidenceList(call?: CallOptions): Promise<EvidenceEntry[]> {
    return (await getJson(this.transport, coordinatorEvidenceSchema, '/v1/evidence', call)).evidence;
  }

  /** Encoded evidence: not verified here. */
  async evidence(id: string, call?: CallOptions): Promise<Uint8Array> {
    const path = `/v1/evidence/${encodeURIComponent(id)}`;
    return (
      await this.transport.send({ method: 'GET', path, maxBytes: evidenceMessage.maxBytes, idempotent: true }, call)
    ).body;
  }

  /** Throws what does not hold about the evidence. */
  async sendEvidence(evidence: Uint8Array, call?: CallOptions): Promise<void> {
    await postBytes(this.transport, '/v1/evidence', evidence, MAX_EMPTY_BYTES, call);
  }

  // --- fleet and epochs

  fleet(call?: CallOptions): Promise<FleetDocuments> {
    return getMessage(this.transport, fleetDocumentsMessage, { path: '/v1/fleet' }, call);
  }

  /**
   * Throws `policy` when the documents are not newer than the coordinator's, `bad_signature` when not the authority's.
   */
  putFleet(documents: FleetDocuments, call?: CallOptions): Promise<void> {
    return putFleet(this.transport, documents, call);
  }

  /** The newest statement of which documents are current; undefined where there is none. Not verified here. */
  freshness(call?: CallOptions): Promise<FreshnessProof | undefined> {
    return unless(['not_found'], getMessage(this.transport, freshnessProofMessage, { path: '/v1/freshness' }, call));
  }

  putFreshness(proof: FreshnessProof, call?: CallOptions): Promise<void> {
    return putFreshness(this.transport, proof, call);
  }

  /** Undefined before the first epoch is complete. */
  currentEpoch(call?: CallOptions): Promise<EpochCertificate | undefined> {
    return unless(
      ['no_round', 'not_found'],
      getMessage(this.transport, epochCertificateMessage, { path: '/v1/epochs/current' }, call),
    );
  }

  /** @param request operator request `start-epoch`; its nonce serves once, however often it is sent */
  async startEpoch(request: Signed, call?: CallOptions): Promise<void> {
    await this.operate('/v1/epochs', request, 1024 * 1024, call);
  }

  // --- rounds, for routers and operators

  /**
   * @param request operator request `start-round`; its nonce serves once, however often it is sent
   * Throws `stale_round` when the round was started, the answer was lost, and the round is over.
   */
  async startRound(cluster: string, request: Signed, call?: CallOptions): Promise<OpenRound> {
    const reply = await this.operate(
      `/v1/clusters/${encodeURIComponent(cluster)}/rounds`,
      request,
      openRoundMessage.maxBytes,
      call,
    );
    return reply ? openRoundMessage.decode(reply) : this.startedRound(cluster, request, call);
  }

  /** A round above `after` that takes contributions, as soon as there is one. */
  async openRound(
    cluster: string,
    query: { after: number; router: string; waitMs: number },
    call?: CallOptions,
  ): Promise<OpenRound | undefined> {
    const path = `/v1/clusters/${encodeURIComponent(cluster)}/rounds/open`;
    const { after, router, waitMs } = query;
    return (await pollMessage(this.transport, openRoundMessage, { path, query: { after, router }, waitMs }, call))
      ?.value;
  }

  /** The receipt. The identical bytes again get the same one, so this is repeated when no answer came. */
  async contribute(cluster: string, round: number, bytes: Uint8Array, call?: CallOptions): Promise<Signed> {
    const { body } = await postBytes(this.transport, `${pathOf(cluster, round)}/contributions`, bytes, 4096, call);
    return signedMessage.decode(body);
  }

  /** Undefined before the first round of the cluster. */
  latestRound(cluster: string, call?: CallOptions): Promise<LatestRound | undefined> {
    return unless(
      ['no_round', 'not_found'],
      getJson(this.transport, latestRoundSchema, `/v1/clusters/${encodeURIComponent(cluster)}/rounds/latest`, call),
    );
  }

  /**
   * What the next rounds are planned with; undefined for a cluster without a plan, and where the coordinator is older.
   */
  catalogue(cluster: string, call?: CallOptions): Promise<ClusterCatalogue | undefined> {
    return unless(
      ['not_found'],
      getJson(this.transport, clusterCatalogueSchema, `/v1/clusters/${encodeURIComponent(cluster)}/catalogue`, call),
    );
  }

  /**
   * Reminds it of a round that it has announced, where it seems to have forgotten that. Throws `bad_signature` when it
   * has not signed it.
   */
  async remind(announcement: Signed, call?: CallOptions): Promise<void> {
    await postBytes(this.transport, '/v1/announcements', signedMessage.encode(announcement), MAX_EMPTY_BYTES, call);
  }

  /** @param until with a wait: come back when the round has left this phase, or without it when it is final */
  async roundStatus(
    cluster: string,
    round: number,
    query: { waitMs?: number; phase?: RoundPhase } = {},
    call?: CallOptions,
  ): Promise<RoundStatus | undefined> {
    const { waitMs = 0, phase } = query;
    return (
      await pollMessage(
        this.transport,
        roundStatusMessage,
        { path: pathOf(cluster, round), query: { phase }, waitMs },
        call,
      )
    )?.value;
  }

  transcript(cluster: string, round: number, call?: CallOptions): Promise<Transcript> {
    return getMessage(
      this.transport,
      transcriptMessage,
      { path: `${pathOf(cluster, round)}/transcript` },
      { timeoutMs: 60_000, ...call },
    );
  }

  /** What was decided about a round, with all that proves it to anyone with the authority's key. Not verified here. */
  decision(cluster: string, round: number, call?: CallOptions): Promise<DecisionProof> {
    return getMessage(
      this.transport,
      decisionProofMessage,
      { path: `${pathOf(cluster, round)}/decision` },
      { timeoutMs: 30_000, ...call },
    );
  }

  /** Where a router's contribution stands in a round that was decided `ready`. Not verified here. */
  inclusion(cluster: string, round: number, router: string, call?: CallOptions): Promise<InclusionProof> {
    return getMessage(
      this.transport,
      inclusionProofMessage,
      { path: `${pathOf(cluster, round)}/inclusion`, query: { router } },
      call,
    );
  }

  /**
   * The latest aggregated signal of a cluster, as the coordinator states it; undefined before the first. Not verified
   * here.
   */
  signal(cluster: string, call?: CallOptions): Promise<PublishedSignal | undefined> {
    return unless(
      ['not_found'],
      getJson(this.transport, publishedSignalSchema, `/v1/clusters/${encodeURIComponent(cluster)}/signal`, call),
    );
  }

  /**
   * Which routers spoil their groups over rounds, as the coordinator states it. Throws `not_found` for a cluster the
   * policy does not have.
   */
  suspicion(cluster: string, call?: CallOptions): Promise<SuspicionReport> {
    return getJson(
      this.transport,
      suspicionReportSchema,
      `/v1/clusters/${encodeURIComponent(cluster)}/suspicion`,
      call,
    );
  }

  // --- committee

  /** What the coordinator waits for from this member, when it differs from what was `seen`. */
  async work(
    member: string,
    query: { waitMs: number; seen?: string },
    call?: CallOptions,
  ): Promise<WorkReply | undefined> {
    const { waitMs, seen } = query;
    const reply = await pollMessage(
      this.transport,
      workMessage,
      { path: '/v1/committee/work', query: { member, seen, abort_requests: 'true' }, waitMs },
      call,
    );
    return reply && { work: reply.value, hash: createHash('sha256').update(reply.bytes).digest('hex') };
  }

  views(cluster: string, round: number, member: number, call?: CallOptions): Promise<MemberViews> {
    return getMessage(
      this.transport,
      memberViewsMessage,
      { path: `${pathOf(cluster, round)}/views`, query: { member, closing: 'true' } },
      { timeoutMs: 60_000, ...call },
    );
  }

  sendSeat(seat: Signed, call?: CallOptions): Promise<void> {
    return this.deliver('/v1/committee/seats', signedMessage.encode(seat), call);
  }

  sendEpochSignature(signature: EpochSignature, call?: CallOptions): Promise<void> {
    return this.deliver('/v1/committee/epoch-signatures', epochSignatureMessage.encode(signature), call);
  }

  sendReport(cluster: string, round: number, report: Signed, call?: CallOptions): Promise<void> {
    return this.deliver(`${pathOf(cluster, round)}/reports`, signedMessage.encode(report), call);
  }

  sendVote(cluster: string, round: number, vote: Vote, call?: CallOptions): Promise<void> {
    return this.deliver(`${pathOf(cluster, round)}/votes`, voteMessage.encode(vote), call);
  }

  sendTransfer(cluster: string, round: number, transfer: Signed, call?: CallOptions): Promise<void> {
    return this.deliver(`${pathOf(cluster, round)}/transfers`, signedMessage.encode(transfer), call);
  }

  sendAnswer(cluster: string, round: number, answer: AnswerBody, call?: CallOptions): Promise<void> {
    return this.deliver(`${pathOf(cluster, round)}/answers`, answerBodyMessage.encode(answer), {
      timeoutMs: 60_000,
      ...call,
    });
  }

  // --- the process

  /** Throws `unavailable` when it is not ready. */
  async ready(call?: CallOptions): Promise<void> {
    await this.transport.send({ method: 'GET', path: '/readyz', maxBytes: 64 * 1024, idempotent: true }, call);
  }

  private async deliver(path: string, body: Uint8Array, call?: CallOptions): Promise<void> {
    await postBytes(this.transport, path, body, 64 * 1024, call);
  }

  /** The newest round, which this request has started. */
  private async startedRound(cluster: string, request: Signed, call?: CallOptions): Promise<OpenRound> {
    const { operator } = operatorRequestMessage.decode(request.body);
    const latest = await this.latestRound(cluster, call);
    const open =
      latest &&
      (await this.openRound(
        cluster,
        { after: latest.round - 1, router: operator, waitMs: 0 },
        { ...call, attempts: call?.attempts ?? OPERATOR_ATTEMPTS },
      ));
    if (!open) throw new SecaggError('stale_round', 'the round was started, and is over already');
    return open;
  }

  /**
   * A request whose nonce serves once, sent until there is an answer. Undefined when one of the attempts was taken and
   * its answer lost: the coordinator then says that it has taken the request before.
   */
  private async operate(
    path: string,
    request: Signed,
    maxBytes: number,
    call: CallOptions = {},
  ): Promise<Uint8Array | undefined> {
    const { attempts = OPERATOR_ATTEMPTS } = call;
    const send = () =>
      this.transport.send(
        { method: 'POST', path, body: signedMessage.encode(request), headers: cbor, maxBytes, idempotent: true },
        { timeoutMs: 30_000, ...call, attempts: 1 },
      );
    for (let attempt = 1; ; attempt++) {
      try {
        return (await send()).body;
      } catch (error) {
        if (!(error instanceof SecaggError)) throw error;
        if (error.code === 'duplicate' && attempt > 1) return undefined;
        if (
          attempt >= attempts ||
          (error.details.unreachable !== true && !['unavailable', 'overloaded'].includes(error.code))
        )
          throw error;
        await pause(waitAfter(error, backoffDelay(defaultBackoff, attempt, Math.random()), Math.random()), call.signal);
      }
    }
  }
}
