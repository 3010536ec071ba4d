/** The API of a router-node, typed: what a router's own software talks to on its own machine. */
import { type PriorsPack, priorsPackSchema, type RankAnswer, rankAnswerSchema, type RankRequest } from '@secagg/priors';
import {
  decisionProofMessage,
  type FederatedRewardSignal,
  type FreshnessProof,
  receiptEvidenceMessage,
  type RewardObservation,
} from '@secagg/schema';
import { type FleetDocuments, putFleet, putFreshness } from '../fleet-documents';
import { getJson, json, MAX_JSON_BYTES, parseJson, postBytes, unless } from '../http/messages';
import { type CallOptions, Transport, type TransportOptions } from '../http/transport';
import { type PublishedSignal, publishedSignalSchema } from '../published-signal';
import { type BudgetHistoryPage, budgetHistorySchema } from './budget-history';
import { type IngestAnswer, ingestAnswerSchema } from './ingest';
import { type Aliases, type NameReport, nameReportSchema } from './names';
import { type AcceptedDecision, acceptedDecisionSchema, type EvidenceList, evidenceListSchema } from './proofs';
import { type RoundHistoryPage, roundHistorySchema } from './round-history';
import { type RouterNodeStatus, routerNodeStatusSchema } from './status';

export type RouterNodeClientOptions = Omit<TransportOptions, 'name'>;

export class RouterNodeClient {
  private readonly transport: Transport;

  constructor(options: RouterNodeClientOptions) {
    this.transport = new Transport({ ...options, name: 'router-node' });
  }

  close(): Promise<void> {
    return this.transport.close();
  }

  /**
   * Hands over observations, each by itself: those that were accepted are durable when this returns, and the answer
   * says why others were not. Repeated on failure only with an idempotency key, under which a batch counts once.
   * @param observations 1 to 10 000
   * @param options with `atomic` all of them or none: it throws `invalid` with `details.index` and `details.path` of
   * the first bad one
   */
  async postObservations(
    observations: readonly RewardObservation[],
    options: CallOptions & { idempotencyKey?: string; atomic?: boolean } = {},
  ): Promise<IngestAnswer> {
    const { idempotencyKey, atomic = false, ...call } = options;
    const { body } = await this.transport.send(
      {
        method: 'POST',
        path: '/v1/observations',
        ...(atomic ? { query: { atomic: 'true' } } : {}),
        body: JSON.stringify(observations),
        headers: { ...json, ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }) },
        maxBytes: MAX_JSON_BYTES,
        idempotent: idempotencyKey !== undefined,
      },
      call,
    );
    return parseJson(ingestAnswerSchema, body);
  }

  /**
   * Hands over how good the answers to requests were, where that is known later than the rest.
   * @param scores by the id that the request was reported under, or that of its response; 1 to 10 000
   */
  async postScores(
    scores: readonly { readonly id: string; readonly quality: number }[],
    call?: CallOptions,
  ): Promise<IngestAnswer> {
    // The latest score of a request counts, so a repetition changes nothing.
    return parseJson(ingestAnswerSchema, await this.postJson('/v1/scores', scores, call));
  }

  /** Which waiting observations rounds take, by the names they have. */
  names(call?: CallOptions): Promise<NameReport> {
    return getJson(this.transport, nameReportSchema, '/v1/names', call);
  }

  /** The same as if they were renamed by these aliases; nothing is changed. */
  async tryAliases(aliases: Aliases, call?: CallOptions): Promise<NameReport> {
    return parseJson(nameReportSchema, await this.postJson('/v1/names', aliases, call));
  }

  /** Replaces the local signal that the next round takes. Throws `policy` unless the privacy unit is `router`. */
  async putSignal(signal: FederatedRewardSignal, call?: CallOptions): Promise<void> {
    await this.transport.send(
      {
        method: 'PUT',
        path: '/v1/signal',
        body: JSON.stringify(signal),
        headers: json,
        maxBytes: MAX_JSON_BYTES,
        idempotent: true,
      },
      call,
    );
  }

  /** The latest aggregate this router has verified; undefined before the first. */
  signal(call?: CallOptions): Promise<PublishedSignal | undefined> {
    return unless(['not_found'], getJson(this.transport, publishedSignalSchema, '/v1/signal', call));
  }

  /**
   * What it believes of models; with an entity tag, undefined unless there is something newer within the wait.
   * @param of `published` for what may be shown to others
   */
  async priors(
    of: { kind?: PriorsPack['kind']; model?: string; task?: string; etag?: string; waitMs?: number } = {},
    call?: CallOptions,
  ): Promise<{ readonly pack: PriorsPack; readonly etag: string } | undefined> {
    const { etag: known, waitMs, ...query } = of;
    const { status, body, etag } = await this.transport.send(
      {
        method: 'GET',
        path: '/v1/priors',
        query: { ...query, wait_ms: waitMs },
        ...(known === undefined ? {} : { headers: { 'if-none-match': known } }),
        maxBytes: MAX_JSON_BYTES,
        idempotent: true,
      },
      call,
    );
    return status === 304 ? undefined : { pack: parseJson(priorsPackSchema, body), etag: etag ?? '' };
  }

  /** Which of some models to take; `LocalPriors` does it without a request. */
  async rank(request: RankRequest, call?: CallOptions): Promise<RankAnswer> {
    return parseJson(rankAnswerSchema, await this.postJson('/v1/rank', request, call));
  }

  /** What each verified round says of a key, newest first. */
  history(of: { model: string; task: string; limit?: number }, call?: CallOptions): Promise<RoundHistoryPage> {
    return getJson(this.transport, roundHistorySchema, '/v1/history', call, of);
  }

  /** Hands it policy and roster without its coordinator. Throws as the coordinator's does. */
  putFleet(documents: FleetDocuments, call?: CallOptions): Promise<void> {
    return putFleet(this.transport, documents, call);
  }

  putFreshness(proof: FreshnessProof, call?: CallOptions): Promise<void> {
    return putFreshness(this.transport, proof, call);
  }

  status(call?: CallOptions): Promise<RouterNodeStatus> {
    return getJson(this.transport, routerNodeStatusSchema, '/v1/status', call);
  }

  /**
   * What its privacy ledger was charged, newest first.
   * @param page entries, 1 to 1000 (default 100), and the `next_before` of the page before
   */
  budgetHistory(page: { limit?: number; before?: number } = {}, call?: CallOptions): Promise<BudgetHistoryPage> {
    return getJson(this.transport, budgetHistorySchema, '/v1/budget/history', call, page);
  }

  /**
   * An encoded decision proof of a round whose decision this node has verified; undefined when it has none. Not
   * verified here.
   */
  async decision(cluster: string, round: number, call?: CallOptions): Promise<Uint8Array | undefined> {
    return unless(
      ['not_found'],
      this.bytes(
        `/v1/clusters/${encodeURIComponent(cluster)}/rounds/${round}/decision`,
        decisionProofMessage.maxBytes,
        call,
      ),
    );
  }

  /**
   * Shows the node what was decided about a round it takes part in.
   * @param proof encoded decision proof
   * Throws what is wrong with it; then nothing has changed.
   */
  async sendDecision(proof: Uint8Array, call?: CallOptions): Promise<AcceptedDecision> {
    const { body } = await postBytes(this.transport, '/v1/decisions', proof, MAX_JSON_BYTES, {
      timeoutMs: 30_000,
      ...call,
    });
    return parseJson(acceptedDecisionSchema, body);
  }

  /** What this node can prove against others, newest first. */
  evidence(call?: CallOptions): Promise<EvidenceList> {
    return getJson(this.transport, evidenceListSchema, '/v1/evidence', call);
  }

  /** @param path of an entry of {@link evidence}. @returns the encoded evidence. Not verified here */
  evidenceAt(path: string, call?: CallOptions): Promise<Uint8Array> {
    return this.bytes(path, receiptEvidenceMessage.maxBytes, call);
  }

  private async postJson(path: string, value: unknown, call?: CallOptions): Promise<Uint8Array> {
    const request = { method: 'POST', path, body: JSON.stringify(value), headers: json } as const;
    return (await this.transport.send({ ...request, maxBytes: MAX_JSON_BYTES, idempotent: true }, call)).body;
  }

  private async bytes(path: string, maxBytes: number, call?: CallOptions): Promise<Uint8Array> {
    return (
      await this.transport.send({ method: 'GET', path, maxBytes, idempotent: true }, { timeoutMs: 30_000, ...call })
    ).body;
  }

  /** Throws `unavailable` when it is not ready. */
  async ready(call?: CallOptions): Promise<void> {
    await this.transport.send({ method: 'GET', path: '/readyz', maxBytes: 64 * 1024, idempotent: true }, call);
  }
}
