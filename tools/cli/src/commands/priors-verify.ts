/**
 * What a pack of priors rests on, from the authority's key alone. The decisions in it are signed by the coordinator and
 * the committee, and prove which rounds there were and with how many routers. Nobody signs posteriors: they are
 * computed again from the rounds' transcripts.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CataloguedRound,
  CoordinatorClient,
  differenceOf,
  expiryOf,
  type PriorsPack,
  publishedPriors,
  type RoundSource,
} from '@secagg/client';
import {
  auditFiles,
  type AuditedRound,
  auditTranscript,
  publishedResult,
  roundEvidence,
  verifyDecisionProof,
} from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { Command } from 'commander';
import { readTree } from '../files';
import { readAuthorityKey } from '../fleet-folder';
import { type Output } from '../output';
import { serviceUrl } from '../parse';
import { readPack } from '../priors-pack';
import { printVerdict, type Verdict } from './verdict';

interface VerifyOptions {
  authority: string;
  coordinator?: string;
  transcripts?: string;
  json?: boolean;
}

export function verifyPriorsCommand(output: Output): Command {
  return new Command('verify')
    .description(
      'check a pack of priors: that its rounds were decided as it says, and with transcripts every number in it; exit status 0 or 1',
    )
    .argument('<file>', 'a pack, as written by `priors export --format json`')
    .requiredOption('--authority <file>', 'authority.pub of the fleet: all that is believed')
    .option(
      '--coordinator <url>',
      'take the transcripts of the rounds from there, and compute all priors again',
      serviceUrl,
    )
    .option('--transcripts <folder>', 'take them from this folder, which has one folder for each round')
    .option('--json', 'print the verdict as JSON')
    .action((file: string, options: VerifyOptions) =>
      printVerdict(output, options.json, ['verified', 'NOT VERIFIED'], async () => {
        const key = readAuthorityKey(options.authority);
        const pack = readPack(file);
        for (const round of pack.rounds) checkDecision(key, pack, round);
        const audit = auditing(key, pack, options);
        const isRecomputed = audit !== undefined && pack.kind === 'published';
        if (isRecomputed) await recompute(pack, audit);
        return verdictOf(pack, isRecomputed);
      }),
    );
}

const wrong = (round: number, what: string): SecaggError =>
  new SecaggError('invalid', `round ${round}: ${what}`, { round });

function checkDecision(key: Uint8Array, pack: PriorsPack, round: RoundSource): void {
  if (round.decision === undefined) throw wrong(round.round, 'no decision on it is in the pack');
  const decided = verifyDecisionProof(key, new Uint8Array(Buffer.from(round.decision, 'base64')));
  const { body } = decided.decision;
  const { deadline_ms: deadlineMs } = decided.verified.config;
  if (decided.round !== round.round || decided.cluster !== pack.cluster || decided.fleet !== pack.fleet)
    throw wrong(round.round, 'the decision is on another round, cluster or fleet');
  if (body.kind !== 'ready') throw wrong(round.round, 'it was aborted');
  if (deadlineMs !== Date.parse(round.time)) throw wrong(round.round, 'it was at another time');
  const routers = body.groups.reduce((sum, { size }) => sum + size, 0);
  if (routers !== round.participants) throw wrong(round.round, `${routers} routers are in it`);
}

type Audit = (round: number) => Promise<AuditedRound>;

/** Where transcripts come from; undefined where nothing was said. */
function auditing(key: Uint8Array, { cluster }: PriorsPack, options: VerifyOptions): Audit | undefined {
  const { coordinator, transcripts } = options;
  if (coordinator !== undefined) {
    return async (round) => {
      const client = new CoordinatorClient({ url: coordinator });
      try {
        return auditTranscript(key, await client.transcript(cluster, round));
      } finally {
        await client.close();
      }
    };
  }
  if (transcripts === undefined) return undefined;
  const found = new Map<number, AuditedRound>();
  for (const name of readdirSync(transcripts)) {
    const { audited } = auditFiles(readTree(join(transcripts, name)), key);
    if (audited.round.config.cluster === cluster) found.set(audited.round.config.round, audited);
  }
  return async (round) => {
    const audited = found.get(round);
    if (!audited) throw wrong(round, 'its transcript is not in the folder');
    return audited;
  };
}

async function recompute(pack: PriorsPack, audit: Audit): Promise<void> {
  const rounds: CataloguedRound[] = [];
  let newestMs: number | undefined;
  for (const source of pack.rounds) {
    const evidence = evidenceIn(await audit(source.round));
    if (evidence?.cluster !== pack.cluster || evidence.round !== source.round)
      throw wrong(source.round, 'the transcript is of another round, or of one without a usable result');
    if (evidence.isOfUse !== source.of_use || (evidence.epsilon ?? null) !== source.epsilon)
      throw wrong(source.round, 'its transcript says otherwise of its epsilon, or of its use');
    if (evidence.isOfUse) newestMs ??= evidence.timeMs;
    rounds.push(evidence);
  }
  const priors = publishedPriors(rounds, Date.parse(pack.made_at), pack.options);
  const expires = newestMs === undefined ? null : expiryOf(newestMs, pack.options);
  const difference = differenceOf(pack.priors, priors) ?? (expires === pack.expires_at ? undefined : 'expires_at');
  if (difference !== undefined)
    throw new SecaggError('invalid', `${difference} is not what follows from the rounds`, { path: difference });
}

function evidenceIn(audited: AuditedRound) {
  return audited.kind === 'opened' ? roundEvidence(audited, publishedResult(audited)) : undefined;
}

function verdictOf({ kind, fleet, cluster, rounds, priors, expires_at }: PriorsPack, isRecomputed: boolean): Verdict {
  const numbers = isRecomputed
    ? `all ${priors.length} priors follow from the transcripts`
    : kind === 'private'
      ? `NOT checked: the ${priors.length} priors are private, made with own requests that nobody else has`
      : `NOT checked: the ${priors.length} priors. Signatures cover the rounds, not what is computed from them: --coordinator or --transcripts`;
  return {
    text: [
      `VERIFIED ${kind} priors of cluster ${cluster} (fleet ${fleet})`,
      `  rounds   ${rounds.length}, each decided by a quorum of its committee`,
      `  numbers  ${numbers}`,
      `  expires  ${expires_at ?? 'there is no evidence'}${isExpired(expires_at) ? ': EXPIRED' : ''}`,
    ].join('\n'),
    json: {
      kind,
      fleet,
      cluster,
      rounds: rounds.map(({ round }) => round),
      recomputed: isRecomputed,
      expires_at,
      expired: isExpired(expires_at),
    },
  };
}

const isExpired = (expires: string | null): boolean => expires === null || Date.parse(expires) < Date.now();
