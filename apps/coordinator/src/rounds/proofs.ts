/**
 * Proofs about decided rounds. Every router may ask, and all at the same time. So the trees of a round are built once,
 * and the last few rounds are kept. A decision and the list it is about never change.
 */
import {
  type DecidedList,
  decidedList,
  decisionProofOf,
  inclusionProof,
  listOfTranscript,
  proofOfRound,
  roundKey,
  type RoundState,
} from '@secagg/protocol';
import {
  type Bytes,
  type ClusterHash,
  type DecisionProof,
  decisionProofMessage,
  type InclusionProof,
  type PartyId,
  type RoundNumber,
  SecaggError,
  transcriptMessage,
  voteBodyMessage,
} from '@secagg/schema';
import { type Engine } from '../engine';
import { type RoundFinisher } from './finish-rounds';
import { recordedStatus } from './round-status';

interface ProvableRound {
  readonly decision: Bytes;
  /** Of a round that was decided `ready`. */
  readonly list?: DecidedList;
}

/** Routers ask when a round has ended; later requests can wait for its record to be read. */
const ROUNDS_KEPT = 4;

export class ProofSource {
  /** By round key, the last one used at the end. */
  private readonly held = new Map<string, Promise<ProvableRound>>();
  private reading: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly engine: Pick<Engine, 'journal' | 'store'>,
    private readonly finisher: Pick<RoundFinisher, 'transcript'>,
  ) {}

  /**
   * An encoded decision proof. Throws `no_round`, `no_decision`, or `not_found` for a round that is not kept any more.
   */
  async decision(cluster: ClusterHash, round: RoundNumber): Promise<Bytes> {
    return (await this.of(cluster, round)).decision;
  }

  /**
   * Where a router stands in a round that was decided `ready`. Throws as {@link decision}, and `no_decision` for an
   * aborted round.
   */
  async inclusion(cluster: ClusterHash, round: RoundNumber, router: PartyId): Promise<InclusionProof> {
    const { list } = await this.of(cluster, round);
    if (!list)
      throw new SecaggError('no_decision', 'the round was aborted: no contribution has a place in it', { round });
    return inclusionProof(list, router);
  }

  private async of(cluster: ClusterHash, round: RoundNumber): Promise<ProvableRound> {
    const key = roundKey(cluster, round);
    const held = this.held.get(key) ?? this.build(key, cluster, round);
    this.held.set(key, held);
    try {
      const provable = await held;
      // Only what is there takes the place of another one.
      this.held.delete(key);
      this.held.set(key, held);
      for (const oldest of [...this.held.keys()].slice(0, Math.max(0, this.held.size - ROUNDS_KEPT)))
        this.held.delete(oldest);
      return provable;
    } catch (error) {
      if (this.held.get(key) === held) this.held.delete(key);
      throw error;
    }
  }

  /** A transcript may be large: however many are asked for, one is in memory. */
  private oneAtATime<T>(read: () => Promise<T>): Promise<T> {
    const next = this.reading.then(read, read);
    this.reading = next.catch(() => undefined);
    return next;
  }

  private async fromTranscript(key: string): Promise<ProvableRound | undefined> {
    const body = await this.finisher.transcript(key);
    return body && provableTranscript(body);
  }

  private async build(key: string, cluster: ClusterHash, round: RoundNumber): Promise<ProvableRound> {
    const { journal, store } = this.engine;
    const settled = journal.reading();
    const live = journal.state.rounds.get(key);
    if (live?.decision) {
      // What was decided is said, and kept here, only once it is on disk.
      await settled();
      return provable(live);
    }
    const { phase } = live ?? (await recordedStatus(store, cluster, round));
    const list = live ? undefined : await this.oneAtATime(() => this.fromTranscript(key));
    if (list) return list;
    if (!live && (phase === 'published' || phase === 'aborted'))
      throw new SecaggError('not_found', 'the record of the round is not kept any more', { round });
    throw new SecaggError('no_decision', `the round is ${phase}`, { round });
  }
}

function provable({ documents, verified: round, decision, headers, proposal }: RoundState): ProvableRound {
  if (!decision) throw new SecaggError('no_decision', 'the round is not decided', { round: round.config.round });
  const { kind } = decision.body;
  const proof = encoded(proofOfRound(documents, round, decision));
  if (kind === 'abort' || !proposal) return { decision: proof };
  return {
    decision: proof,
    list: decidedList({ headers, set: proposal.set, reports: proposal.proposal.reports, decision: decision.decision }),
  };
}

/** Of a round that has left memory. Its ciphertexts are read for this once more, and not kept. */
function provableTranscript(body: Bytes): ProvableRound {
  const transcript = transcriptMessage.decode(body);
  const { kind } = voteBodyMessage.decode(transcript.decision.body);
  const proof = encoded(decisionProofOf(transcript));
  return kind === 'abort' ? { decision: proof } : { decision: proof, list: listOfTranscript(transcript) };
}

const encoded = (proof: DecisionProof): Bytes => decisionProofMessage.encode(proof);
