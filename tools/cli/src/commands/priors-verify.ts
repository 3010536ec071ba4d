/**
 * What a pack of priors rests on, from the authority's key alone. The decisions in it are signed by the coordinator and
 * the committee, and prove which rounds there were and with how many routers. Nobody signs posteriors: they are
 * computed again from the rounds' transcripts.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CataloguedRound,
  checkPack,
  CoordinatorClient,
  differenceOf,
  type LatestRound,
  missingRounds,
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
  roundsOnly?: true;
  anyOptions?: true;
  json?: boolean;
}

export function verifyPriorsCommand(output: Output): Command {
  return new Command('verify')
    .description(
      'check a pack of priors: that its rounds were decided as it says, and by their transcripts every number in it; exit status 0 or 1',
    )
    .argument('<file>', 'a pack, as written by `priors export --format json`')
    .requiredOption('--authority <file>', 'authority.pub of the fleet: all that is believed')
    .option(
      '--coordinator <url>',
      'take the transcripts of the rounds from there, and compute all priors again',
      serviceUrl,
    )
    .option('--transcripts <folder>', 'take them from this folder, which has one folder for each round')
    .option('--rounds-only', 'check the rounds alone, and say so: the numbers may be anything')
    .option('--any-options', 'take options other than the defaults: whoever made the pack chose them')
    .option('--json', 'print the verdict as JSON')
    .action((file: string, options: VerifyOptions) =>
      printVerdict(output, options.json, [options.roundsOnly ? 'rounds_verified' : 'verified', 'NOT VERIFIED'], () =>
        verdictOn(readPack(file), options),
      ),
    );
}

async function verdictOn(pack: PriorsPack, options: VerifyOptions): Promise<Verdict> {
  const key = readAuthorityKey(options.authority);
  checkPack(pack, Date.now(), options.anyOptions);
  for (const round of pack.rounds) checkDecision(key, pack, round);
  if (!options.roundsOnly) await recompute(pack, auditing(key, pack, options));
  return verdictOf(pack, options.roundsOnly ?? false, await latestRound(pack, options));
}

async function latestRound({ cluster }: PriorsPack, { coordinator }: VerifyOptions): Promise<LatestRound | undefined> {
  if (coordinator === undefined) return undefined;
  const client = new CoordinatorClient({ url: coordinator });
  try {
    return await client.latestRound(cluster);
  } finally {
    await client.close();
  }
}

const wrong = (round: number, what: string): SecaggError =>
  new SecaggError('invalid', `round ${round}: ${what}`, { round });

function checkDecision(key: Uint8Array, pack: PriorsPack, round: RoundSource): void {
  if (round.decision === undefined) throw wrong(round.round, 'no decision on it is in the pack');
  const decided = verifyDecisionProof(key, new Uint8Array(Buffer.from(round.decision, 'base64')));
  const { body } = decided.decision;
  const { deadline_ms: deadlineMs, round_time_ms: beganMs } = decided.verified.config;
  if (decided.round !== round.round || decided.cluster !== pack.cluster || decided.fleet !== pack.fleet)
    throw wrong(round.round, 'the decision is on another round, cluster or fleet');
  if (body.kind !== 'ready') throw wrong(round.round, 'it was aborted');
  if (deadlineMs !== Date.parse(round.time)) throw wrong(round.round, 'it was at another time');
  // Not after its deadline: a round that is full is published before that.
  if (beganMs > Date.parse(pack.made_at))
    throw wrong(round.round, `it began after the pack was made (${pack.made_at})`);
  const routers = body.groups.reduce((sum, { size }) => sum + size, 0);
  if (routers !== round.participants) throw wrong(round.round, `${routers} routers are in it`);
}

const unchecked = (why: string): SecaggError => new SecaggError('invalid', `the numbers were not checked: ${why}`);

type Audit = (round: number) => Promise<AuditedRound>;

/** Where transcripts come from. */
function auditing(key: Uint8Array, { kind, cluster }: PriorsPack, options: VerifyOptions): Audit {
  const { coordinator, transcripts } = options;
  if (kind === 'private')
    throw unchecked('the priors are private, made with own requests that nobody else has: --rounds-only');
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
  if (transcripts === undefined)
    throw unchecked(
      'signatures cover the rounds, not what is computed from them: --coordinator or --transcripts, or --rounds-only',
    );
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
  for (const source of pack.rounds) {
    const evidence = evidenceIn(await audit(source.round));
    if (evidence?.cluster !== pack.cluster || evidence.round !== source.round)
      throw wrong(source.round, 'the transcript is of another round, or of one without a usable result');
    if (evidence.isOfUse !== source.of_use || (evidence.epsilon ?? null) !== source.epsilon)
      throw wrong(source.round, 'its transcript says otherwise of its epsilon, or of its use');
    rounds.push(evidence);
  }
  const priors = publishedPriors(rounds, Date.parse(pack.made_at), pack.options);
  const difference = differenceOf(pack.priors, priors);
  if (difference !== undefined)
    throw new SecaggError('invalid', `${difference} is not what follows from the rounds`, { path: difference });
}

function evidenceIn(audited: AuditedRound) {
  return audited.kind === 'opened' ? roundEvidence(audited, publishedResult(audited)) : undefined;
}

function verdictOf(pack: PriorsPack, isRoundsOnly: boolean, latest: LatestRound | undefined): Verdict {
  const { kind, fleet, cluster, rounds, priors, options, made_at, expires_at } = pack;
  const [first, last] = [Math.min(...rounds.map(({ round }) => round)), Math.max(...rounds.map(({ round }) => round))];
  const missing = missingRounds(rounds, Math.max(last, latest?.round ?? 0));
  return {
    text: [
      `${isRoundsOnly ? 'ROUNDS VERIFIED, NUMBERS NOT CHECKED:' : 'VERIFIED'} ${kind} priors of cluster ${cluster} (fleet ${fleet})`,
      `  rounds   ${rounds.length}, ${first} to ${last}, each decided by a quorum of its committee`,
      `  missing  ${missing.length === 0 ? 'none' : spans(missing)}: aborted, not kept, or left out`,
      ...(latest ? [`  latest   ${latest.round} (${latest.phase}), as the coordinator says`] : []),
      `  numbers  ${isRoundsOnly ? `NOT checked: the ${priors.length} priors` : `all ${priors.length} priors follow from the transcripts`}`,
      `  options  ${Object.entries(options)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')}`,
      `  made     ${made_at}, expires ${expires_at}`,
    ].join('\n'),
    json: {
      kind,
      fleet,
      cluster,
      rounds: rounds.map(({ round }) => round),
      missing,
      latest: latest?.round ?? null,
      recomputed: !isRoundsOnly,
      options,
      made_at,
      expires_at,
    },
  };
}

/** Of numbers that rise: `1, 3 to 5`. */
function spans(numbers: readonly number[]): string {
  const found: [number, number][] = [];
  for (const number of numbers) {
    const at = found.at(-1);
    if (at && at[1] === number - 1) at[1] = number;
    else found.push([number, number]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`)).join(', ');
}
