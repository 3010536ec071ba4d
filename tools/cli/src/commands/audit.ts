/**
 * Re-checks a finished round from its published transcript: a folder, or what a coordinator serves (docs/protocol.md,
 * "Publishing and auditing").
 */
import { CoordinatorClient } from '@secagg/client';
import {
  auditFiles,
  type AuditedRound,
  auditTranscript,
  type PublishedResult,
  publishedResult,
} from '@secagg/protocol';
import { type ClusterHash, SecaggError } from '@secagg/schema';
import { Command } from 'commander';
import { readAuthorityKey } from '../fleet-folder';
import { readTree } from '../files';
import { type Output, printJson, Usage } from '../output';
import { positiveCount, serviceUrl } from '../parse';
import { isUrl, splitUrl } from '../proof-source';
import { describeImplausible } from './implausible';
import { chosenRound, parseCluster } from './round';

interface AuditOptions {
  authority?: string;
  cluster?: ClusterHash;
  round?: number;
  json?: boolean;
}

interface Verified {
  readonly audited: AuditedRound;
  readonly result?: PublishedResult;
}

export function auditCommand(output: Output): Command {
  return new Command('audit')
    .description('re-check a published round; exit status 0 when everything holds, 1 when anything does not')
    .argument('<url or folder>', "a coordinator, a transcript's URL, or a folder with the files of a transcript")
    .option('--authority <file>', 'authority.pub of the fleet; without it the key in the folder is believed')
    .option('--cluster <hash>', 'with a coordinator: which cluster', parseCluster)
    .option('--round <n>', 'with a coordinator: which round (default: the latest)', positiveCount)
    .option('--json', 'print the verdict as JSON')
    .action(async (where: string, options: AuditOptions) => {
      try {
        const verified = isUrl(where) ? await auditUrl(serviceUrl(where), options) : auditFolder(where, options);
        if (options.json) printJson(output, { verified: true, ...summary(verified) });
        else output.out(describe(verified, options.authority === undefined));
      } catch (error) {
        if (!(error instanceof SecaggError)) throw error;
        const { file, party } = error.details;
        if (options.json) printJson(output, { verified: false, code: error.code, message: error.message, file, party });
        throw new SecaggError(
          error.code,
          `NOT VERIFIED: ${typeof file === 'string' ? `${file}: ` : ''}${error.message}`,
          error.details,
        );
      }
    });
}

const auditFolder = (folder: string, { authority }: AuditOptions): Verified =>
  auditFiles(readTree(folder), authority === undefined ? undefined : readAuthorityKey(authority));

const transcriptPath = /\/v1\/clusters\/([0-9a-f]{16,64})\/rounds\/([1-9][0-9]*)(\/transcript)?$/;

async function auditUrl(where: string, { authority, cluster, round }: AuditOptions): Promise<Verified> {
  if (authority === undefined)
    throw new Usage('a coordinator is not believed about its own authority: --authority <file>');
  const key = readAuthorityKey(authority);
  const { url, match } = splitUrl(where, transcriptPath);
  const [, clusterInPath, roundInPath] = match ?? [];
  const wanted = (clusterInPath as ClusterHash | undefined) ?? cluster;
  if (wanted === undefined) throw new Usage('--cluster <hash> says which cluster');
  const client = new CoordinatorClient({ url });
  try {
    const number = await chosenRound(client, wanted, roundInPath === undefined ? round : Number(roundInPath));
    const audited = auditTranscript(key, await client.transcript(wanted, number));
    const { config } = audited.round;
    if (config.cluster !== wanted || config.round !== number)
      throw new SecaggError('wrong_config', 'the coordinator gave the transcript of another round');
    return audited.kind === 'opened' ? { audited, result: publishedResult(audited) } : { audited };
  } finally {
    await client.close();
  }
}

function summary({ audited, result }: Verified) {
  const { config, epoch } = audited.round;
  const { body, decision } = audited.decision;
  return {
    fleet: config.fleet,
    cluster: config.cluster,
    round: config.round,
    outcome: audited.kind,
    ...(body.kind === 'abort' ? { reason: body.reason } : {}),
    authority: Buffer.from(audited.view.authorityKey).toString('hex'),
    committee: epoch.body.members.map(({ id }) => id),
    decided_by: decision.votes.map(({ member }) => epoch.body.members[member].id),
    ...(result
      ? {
          participants: result.participants,
          left_out: result.left_out,
          keys: Object.keys(result.signal.reward_signals).length,
          ...(result.implausible ? { implausible: result.implausible } : {}),
          privacy: result.privacy,
        }
      : {}),
  };
}

function describe(verified: Verified, authorityFromFolder: boolean): string {
  const {
    round,
    cluster,
    fleet,
    authority,
    committee,
    decided_by,
    participants,
    left_out,
    keys,
    implausible,
    privacy,
    outcome,
    reason,
  } = summary(verified);
  const lines = [
    `VERIFIED round ${round} of cluster ${cluster} (fleet ${fleet}): ${outcome}${reason === undefined ? '' : `, ${reason}`}`,
    `  authority  ${authority}${authorityFromFolder ? ' (believed because it is in the folder; --authority checks it)' : ''}`,
    `  committee  ${committee.join(', ')}; decided by ${decided_by.join(', ')}`,
  ];
  if (participants && left_out && privacy) {
    lines.push(`  in it      ${participants.length}: ${participants.join(', ')}`);
    if (left_out.length > 0)
      lines.push(`  left out   ${left_out.map(({ router, reason: why }) => `${router} (${why})`).join(', ')}`);
    lines.push(`  signal     ${keys} keys, recomputed from ciphertexts and signed piece sums`);
    for (const group of implausible ?? []) lines.push(`  IMPLAUSIBLE ${describeImplausible(group)}`);
    lines.push(
      privacy.epsilon === null
        ? '  privacy    none: the round has no noise'
        : `  privacy    epsilon ${privacy.epsilon.toPrecision(4)} at delta ${privacy.delta} for one ${privacy.unit}`,
    );
  }
  return lines.join('\n');
}
