/**
 * What was decided about a round, from a proof that anybody may have brought; and showing it to a router-node that has
 * not been told.
 */
import { parseServiceUrl } from '@secagg/client';
import { type DecidedRound, verifyDecisionProof } from '@secagg/protocol';
import { type ClusterHash, SecaggError } from '@secagg/schema';
import { Command } from 'commander';
import { replaceFile } from '../files';
import { readAuthorityKey } from '../fleet-folder';
import { type Output, Usage } from '../output';
import { serviceUrl, positiveCount } from '../parse';
import { isUrl, readProof, splitUrl } from '../proof-source';
import { tokenFile, withRouterNode } from '../router-node';
import { parseCluster } from './round';
import { printVerdict, type Verdict } from './verdict';

interface DecisionOptions {
  authority: string;
  cluster?: ClusterHash;
  round?: number;
  out?: string;
  send?: string;
  tokenFile?: string;
  json?: boolean;
}

export function decisionCommand(output: Output): Command {
  return new Command('decision')
    .description(
      "what a quorum decided about a round, checked from the authority's key alone; exit status 0 when it is proved, 1 when not",
    )
    .argument(
      '[file or url]',
      'a decision proof (standard input when left out), or a coordinator or router-node that has one',
    )
    .requiredOption('--authority <file>', 'authority.pub of the fleet: all that is believed')
    .option('--cluster <hash>', 'which cluster; needed with a URL that does not name it', parseCluster)
    .option('--round <n>', 'which round; needed with a URL that does not name it', positiveCount)
    .option('--out <file>', 'keep the proof, once it is checked')
    .option('--send <url>', 'show it to this router-node, once it is checked', serviceUrl)
    .addOption(tokenFile())
    .option('--json', 'print the verdict as JSON')
    .action((where: string | undefined, options: DecisionOptions) =>
      printVerdict(output, options.json, ['verified', 'NOT VERIFIED'], async () => {
        const key = readAuthorityKey(options.authority);
        const { bytes, wanted } =
          where !== undefined && isUrl(where)
            ? await fetchProof(serviceUrl(where), options)
            : { bytes: readProof(where), wanted: options };
        const decided = verifyDecisionProof(key, bytes);
        checkWanted(decided, wanted);
        if (options.out !== undefined) replaceFile(options.out, bytes);
        const shown =
          options.send === undefined
            ? undefined
            : await withRouterNode(options.send, options.tokenFile, (node) => node.sendDecision(bytes));
        return verdictOf(decided, shown?.outcome);
      }),
    );
}

const roundPath = /\/v1\/clusters\/([0-9a-f]{16,64})\/rounds\/([1-9][0-9]*)(\/decision)?$/;

type Wanted = Pick<DecisionOptions, 'cluster' | 'round' | 'tokenFile'>;

/** Coordinators and router-nodes have decisions at the same place. */
async function fetchProof(where: string, options: Wanted): Promise<{ bytes: Uint8Array; wanted: Wanted }> {
  const { url, match } = splitUrl(where, roundPath);
  const [, clusterInPath, roundInPath] = match ?? [];
  const cluster = (clusterInPath as ClusterHash | undefined) ?? options.cluster;
  const round = roundInPath === undefined ? options.round : Number(roundInPath);
  if (cluster === undefined || round === undefined)
    throw new Usage('--cluster <hash> and --round <n> say which decision');
  const bytes = await withRouterNode(url, options.tokenFile, (node) => node.decision(cluster, round));
  if (!bytes)
    throw new SecaggError('not_found', `${parseServiceUrl(url).shown} has no decision on round ${round}`, { round });
  return { bytes, wanted: { cluster, round } };
}

function checkWanted({ cluster, round }: DecidedRound, wanted: Wanted): void {
  if ((wanted.cluster ?? cluster) !== cluster || (wanted.round ?? round) !== round)
    throw new SecaggError('wrong_config', 'it is a decision on another round', { round });
}

function verdictOf(
  { fleet, cluster, round, decision, decidedBy, verified }: DecidedRound,
  outcome?: string | null,
): Verdict {
  const { body } = decision;
  const contributions = body.kind === 'ready' ? body.groups.reduce((sum, { size }) => sum + size, 0) : undefined;
  const what =
    body.kind === 'abort'
      ? `aborted, ${body.reason}`
      : `to be opened, ${contributions} contributions in ${body.groups.length} ${body.groups.length === 1 ? 'group' : 'groups'}`;
  const lines = [
    `VERIFIED round ${round} of cluster ${cluster} (fleet ${fleet}): ${what}`,
    `  decided by  ${decidedBy.join(', ')}, of ${verified.epoch.size} members`,
    ...(outcome === undefined
      ? []
      : [
          `  shown       to the router-node: ${outcome === null ? 'its observations are spent; the published round will say more' : outcome}`,
        ]),
  ];
  return {
    text: lines.join('\n'),
    json: {
      fleet,
      cluster,
      round,
      decision: body.kind,
      ...(body.kind === 'abort' ? { reason: body.reason } : { contributions, groups: body.groups.length }),
      committee: verified.epoch.body.members.map(({ id }) => id),
      decided_by: decidedBy,
      ...(outcome === undefined ? {} : { outcome }),
    },
  };
}
