/** A finished round as anybody can check it: from its transcript and the authority's key alone. */
import { auditFiles, auditTranscript, publishedResult, splitTranscript } from '@secagg/protocol';
import { type RoundConfig, type RoundStatus, SecaggError, type Transcript } from '@secagg/schema';
import { type FinishedRound, insist, type World } from '../world';

const TRANSCRIPT_LIMIT_MS = 60_000;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Fetches and audits it, also as the files in which it is handed on. What does not verify is a failure of the test. */
export async function readRound(
  world: World,
  { round, phase }: RoundStatus,
  config?: RoundConfig,
): Promise<FinishedRound> {
  const { fleet, coordinator, fail } = world;
  const base = { round, participants: [], sizes: [], listed: new Set<string>(), ...(config ? { config } : {}) };
  if (phase === 'undecided') return { ...base, outcome: 'undecided' };
  const transcript = await insist(`the transcript of round ${round}`, TRANSCRIPT_LIMIT_MS, () =>
    coordinator.transcript(fleet.cluster, round),
  );
  try {
    return judge(world, round, phase, transcript);
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    fail(`the transcript of round ${round} does not verify: ${error.code}: ${error.message}`);
    return { ...base, outcome: phase === 'aborted' ? 'aborted' : 'published' };
  }
}

function judge(
  { fleet, fail }: World,
  round: number,
  phase: RoundStatus['phase'],
  transcript: Transcript,
): FinishedRound {
  const key = fleet.authority.publicKey;
  const audited = auditTranscript(key, transcript);
  const { config } = audited.round;
  const opened = audited.kind === 'opened' ? audited : undefined;
  const result = opened && publishedResult(opened);
  auditFiles(splitTranscript(key, transcript, result), key);
  const outcome = opened ? 'published' : 'aborted';
  if (config.round !== round || config.cluster !== fleet.cluster)
    fail(`the transcript of round ${round} is of another round`);
  if (phase !== outcome) fail(`round ${round} is ${phase}, and its transcript says ${outcome}`);
  return {
    round,
    outcome,
    config,
    participants: result?.participants ?? [],
    sizes: opened?.set.groups.map(({ members }) => members.length) ?? [],
    listed: new Set(opened ? transcript.contributions.map(({ header }) => hex(opened.hashOf(header))) : []),
    decision: hex(transcript.decision.body),
    ...(result ? { result } : {}),
  };
}
