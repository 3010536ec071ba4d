/** The observation store itself, in whatever thread it runs. */
import { randomFillSync } from 'node:crypto';
import { type RoundHistoryPage } from '@secagg/client';
import { atRest, wipe } from '@secagg/crypto';
import { deriveEpoch, prepareContribution, readAnnouncement, roundKey } from '@secagg/protocol';
import { MAX_LAYOUT_KEYS, parseSignal, SecaggError } from '@secagg/schema';
import { failpoint } from '../failpoint';
import { type IncomingRow, type RowOutcome } from '../ingest/ingest-store';
import { createAliases, isEmpty } from '../ingest/names/aliases';
import { chooseData } from '../participant/choose-data';
import { requestsTaken } from '../participant/slot';
import {
  type HistoryRequest,
  PriorMaker,
  type PriorsPart,
  type PriorsRequest,
  type RoundsChange,
} from '../priors/prior-maker';
import { type Release } from '../store/claims';
import { type ObservationTables, openObservationTables } from '../store/observation-tables';
import { type BatchOutcome, type RawBatch } from './batch-adder';
import { Intake } from './intake';
import { type IngestProgress, type IngestStep } from './ingest-steps';
import { Jobs, type Urgency } from './jobs';
import {
  type ObservationStore,
  type ObservationStoreOptions,
  type Preparation,
  type Prepared,
  type StoreStatus,
  type UnlistedQuota,
} from './observation-store';
import { OpenBatches } from './open-batches';
import { decodeText, parseJson } from '../ingest/json/parse-json';
import { requesterHash } from './requester-hash';
import { WaitingNames } from './waiting-names';

const HOUR_MS = 3_600_000;
/**
 * Spans of own requests in a half-life: each counts from its middle, so by 3 percent too much or too little at most.
 */
const SPANS = 12;
const MISSING_KEYS_SHOWN = 100;

const random = (length: number): Uint8Array => randomFillSync(new Uint8Array(length));

export class ObservationService implements ObservationStore {
  private readonly jobs = new Jobs();
  private readonly intake: Intake;
  private readonly batches: OpenBatches;
  private readonly waitingNames: WaitingNames;
  private isFlushing = false;
  private readonly priorMaker: PriorMaker;
  private readonly retention: NodeJS.Timeout;

  private constructor(
    private readonly tables: ObservationTables,
    private readonly options: ObservationStoreOptions,
    private readonly now: () => number,
  ) {
    const aliases = isEmpty(options.aliases) ? undefined : createAliases(options.aliases);
    this.priorMaker = new PriorMaker(tables.own);
    this.intake = new Intake(tables, options.limits, now, aliases);
    this.batches = new OpenBatches(options, { acceptRows: (rows) => this.acceptRows(rows) });
    this.waitingNames = new WaitingNames(tables);
    const drop = (): void => void this.dropOld().catch(() => undefined);
    this.retention = setInterval(drop, HOUR_MS);
    drop();
    void this.rename().catch(() => undefined);
  }

  /** Throws a HostFault when the file is sealed under another key, or cannot be used. */
  static async open(options: ObservationStoreOptions, now = Date.now): Promise<ObservationService> {
    const { dataDir, identity, storeKey, requestsPerRequester, groupAccess = false } = options;
    const sealing = storeKey && { storeKey: await atRest(storeKey, random), router: identity.id, random };
    const tables = openObservationTables({
      dataDir,
      hash: requesterHash(identity.secretKey),
      groupAccess,
      ownSpanMs: Math.max(1, Math.floor(options.priorHalfLifeHours / SPANS)) * HOUR_MS,
      ...(sealing ? { sealing } : {}),
      ...(requestsPerRequester === undefined ? {} : { requestsPerRequester }),
    });
    return new ObservationService(tables, options, now);
  }

  async accept(batch: RawBatch): Promise<BatchOutcome & UnlistedQuota> {
    const accepted = this.intake.accept(batch);
    this.flush();
    return { ...(await accepted), isFullOfUnlisted: this.intake.isFullOfUnlisted };
  }

  async ingest(step: IngestStep): Promise<IngestProgress> {
    const progress = await this.batches.step(step);
    return { ...progress, isFullOfUnlisted: this.intake.isFullOfUnlisted };
  }

  private async acceptRows(rows: readonly IncomingRow[]): Promise<readonly RowOutcome[]> {
    const accepted = this.intake.acceptRows(rows);
    this.flush();
    return accepted;
  }

  private flush(): void {
    if (!this.isFlushing) {
      this.isFlushing = true;
      void this.jobs.do('other', () => {
        this.isFlushing = !this.intake.flush();
        return this.isFlushing ? undefined : { done: undefined };
      });
    }
  }

  async names(as?: { readonly aliases: Uint8Array }): Promise<Uint8Array> {
    const step = await this.once('other', () => this.waitingNames.report(as?.aliases));
    return this.jobs.do('other', step);
  }

  plan(keys: readonly string[]): Promise<void> {
    return this.once('other', () => {
      this.waitingNames.planned = keys;
    });
  }

  putSignal(body: Uint8Array): Promise<void> {
    return this.once('other', () => {
      const signal = parseSignal(parseJson(decodeText(body), 'the body'), { maxKeys: MAX_LAYOUT_KEYS });
      if (signal.cluster_hash !== this.options.cluster)
        throw new SecaggError('policy', 'the signal is of another cluster', { path: 'cluster_hash' });
      failpoint('before-durable:signal-put');
      this.tables.localSignal.put(signal);
      failpoint('after-durable:signal-put');
    });
  }

  async prepare(preparation: Preparation): Promise<Prepared> {
    const built = await this.once('round', () => this.take(preparation));
    void this.once('other', () => {
      if (this.tables.catalogue.learn(readRound(preparation).config.layout.keys)) this.intake.recount();
    }).catch(() => undefined);
    return built;
  }

  async release({ roundKey: key, release }: { readonly roundKey: string; readonly release: Release }): Promise<void> {
    await this.jobs.do('release', () => this.releaseSome(key, release));
  }

  async keepClaims(roundKeys: readonly string[]): Promise<void> {
    for (const claim of this.tables.claims.all())
      if (!roundKeys.includes(claim.roundKey)) await this.release({ roundKey: claim.roundKey, release: 'unused' });
  }

  learnRounds(change: RoundsChange): Promise<void> {
    return this.once('other', () => this.priorMaker.learn(change));
  }

  priors(request?: PriorsRequest): Promise<PriorsPart> {
    return this.once('other', () => this.priorMaker.part(request));
  }

  history(request: HistoryRequest): Promise<RoundHistoryPage['rounds']> {
    return this.once('other', () => this.priorMaker.history(request));
  }

  clear(): Promise<void> {
    return this.once('other', () => {
      this.tables.transaction(() => {
        this.tables.observations.clear();
        this.tables.localSignal.clear();
        this.tables.claims.clear();
        this.tables.own.clear();
      });
      this.intake.recount();
    });
  }

  status(): Promise<StoreStatus> {
    return this.once('other', () => {
      const { observations, catalogue, claims } = this.tables;
      const { waiting, taken } = observations.counts();
      const known = catalogue.isKnown;
      const missing = known ? observations.waitingOutside('catalogue', MISSING_KEYS_SHOWN) : [];
      return {
        waiting,
        taken,
        unlisted: known ? waiting - observations.waitingUnder('catalogue') : 0,
        isFullOfUnlisted: this.intake.isFullOfUnlisted,
        unlistedSkipped: this.intake.unlistedSkipped,
        missingKeys: Object.fromEntries(missing.sort(([a], [b]) => (a < b ? -1 : 1))),
        claims: claims.all(),
        names: this.waitingNames.counts(),
      };
    });
  }

  check(): Promise<void> {
    return this.once('other', () => this.tables.check());
  }

  close(): Promise<void> {
    clearInterval(this.retention);
    return this.once('other', () => {
      this.tables.close();
      wipe(this.options.storeKey);
    });
  }

  private take(preparation: Preparation): Prepared {
    const round = readRound(preparation);
    const { identity, maxRequestsPerRound, requestsPerRequester = Number.MAX_SAFE_INTEGER } = this.options;
    failpoint('before-durable:observations-taken');
    const built = this.tables.transaction(() => {
      // Under a key of this round, so that the hashes are of use to nobody after it.
      const data = chooseData(this.tables, round, {
        requestsPerRequester,
        mostCarriedUnits: preparation.mostCarriedUnits,
        maxRequests: requestsTaken(round.config, { maxRequestsPerRound }),
        hashKey: random(32),
        nowMs: this.now(),
      });
      const contribution = prepareContribution(round, identity, data.vector, random, preparation.seenAtMs);
      data.take(roundKey(round.config.cluster, round.config.round));
      failpoint('in-durable:observations-taken');
      return { ...contribution, carriedUnits: data.carriedUnits };
    });
    failpoint('after-durable:observations-taken');
    return built;
  }

  private releaseSome(key: string, release: Release): { done: void } | undefined {
    failpoint('before-durable:observations-released');
    const done = this.tables.claims.releaseSome(key, release);
    failpoint('after-durable:observations-released');
    this.intake.recount();
    return done ? { done: undefined } : undefined;
  }

  /** What waits from before the aliases of now. */
  private rename(): Promise<void> {
    const renaming = this.tables.renaming(this.options.aliases);
    return this.jobs.do('other', () => {
      const done = renaming.step();
      this.intake.recount();
      return done ? { done: undefined } : undefined;
    });
  }

  /** What no round has taken in time: its catalogue never came. */
  private dropOld(): Promise<void> {
    const beforeMs = this.now() - this.options.retentionHours * HOUR_MS;
    const forgetBeforeMs = this.now() - this.options.requestWindowHours * HOUR_MS;
    return this.jobs.do('other', () => {
      const done = this.tables.transaction(() => {
        this.tables.batches.dropOlder(beforeMs);
        this.tables.own.dropOlder(this.now() - this.options.ownRetentionHours * HOUR_MS);
        const forgotten = this.tables.requests.dropSomeOlder(forgetBeforeMs);
        return this.tables.observations.dropSomeOlder(beforeMs) && forgotten;
      });
      this.intake.recount();
      return done ? { done: undefined } : undefined;
    });
  }

  private once<T>(urgency: Urgency, act: () => T): Promise<T> {
    return this.jobs.do(urgency, () => ({ done: act() }));
  }
}

const readRound = ({ open }: Preparation) => readAnnouncement(deriveEpoch(open.epoch_certificate), open.announcement);
