import { CoordinatorClient } from '@secagg/client';
import { epsilonToRho, rhoToBudgetUnits } from '@secagg/dp-noise';
import { auditTranscript, publishedResult } from '@secagg/protocol';
import {
  type ClusterHash,
  clusterHash,
  roundConfigMessage,
  type RoundOverrides,
  SecaggError,
  voteBodyMessage,
} from '@secagg/schema';
import { Command, InvalidArgumentError } from 'commander';
import { readAuthorityKey } from '../fleet-folder';
import { type Output, printJson, Refusal } from '../output';
import { delta, serviceUrl, positive, positiveCount } from '../parse';
import { describeImplausible } from './implausible';
import { signRequest } from './operator';

export const parseCluster = (text: string): ClusterHash => {
  const result = clusterHash.safeParse(text);
  if (!result.success) throw new InvalidArgumentError('It must be a cluster hash: 16 to 64 hexadecimal digits.');
  return result.data;
};

const FINAL = ['published', 'aborted', 'undecided'];

interface StartOptions {
  operator: string;
  cluster: ClusterHash;
  durationMs?: number;
  sendDelayMs?: number;
  groups?: number;
  minParticipants?: number;
  maxParticipants?: number;
  epsilon?: number;
  delta: number;
  force?: true;
}

export function roundCommand(output: Output): Command {
  const round = new Command('round').description('rounds of a cluster');
  const url = ['<url>', 'the coordinator', serviceUrl] as const;
  const cluster = ['--cluster <hash>', 'hash of the cluster', parseCluster] as const;
  const number = ['--round <n>', 'default: the latest', positiveCount] as const;
  round
    .command('start')
    .description('announce a round now; what the options do not say is as the coordinator is configured')
    .argument(...url)
    .requiredOption(...cluster)
    .requiredOption('--operator <folder>', 'party folder of an operator')
    .option('--duration-ms <n>', 'from the announcement to the close', positiveCount)
    .option('--send-delay-ms <n>', 'from the announcement until routers send', positiveCount)
    .option('--groups <n>', 'groups that are opened separately', positiveCount)
    .option('--min-participants <n>', 'smallest group that is opened', positiveCount)
    .option('--max-participants <n>', 'the round closes when it has them', positiveCount)
    .option('--epsilon <e>', 'target cost of the round', positive)
    .option('--delta <d>', 'at which --epsilon is meant', delta, 1e-6)
    .option('--force', 'also while another round of the cluster takes contributions')
    .action((url: string, options: StartOptions) => withClient(url, (client) => start(client, options, output)));
  round
    .command('status')
    .description('where a round is')
    .argument(...url)
    .requiredOption(...cluster)
    .option(...number)
    .option('--wait-s <n>', 'wait until it is over', positiveCount)
    .action((url: string, options: { cluster: ClusterHash; round?: number; waitS?: number }) =>
      withClient(url, (client) => status(client, options, output)),
    );
  round
    .command('result')
    .description('the aggregated signal, recomputed from the published transcript')
    .argument(...url)
    .requiredOption(...cluster)
    .requiredOption('--authority <file>', 'authority.pub of the fleet: all that is believed')
    .option(...number)
    .action((url: string, options: { cluster: ClusterHash; round?: number; authority: string }) =>
      withClient(url, (client) => result(client, options, output)),
    );
  return round;
}

async function withClient(url: string, act: (client: CoordinatorClient) => Promise<void>): Promise<void> {
  const client = new CoordinatorClient({ url });
  try {
    await act(client);
  } finally {
    await client.close();
  }
}

/** The given round, or the latest. Throws `no_round` before the first. */
export async function chosenRound(client: CoordinatorClient, cluster: ClusterHash, round?: number): Promise<number> {
  if (round !== undefined) return round;
  const latest = await client.latestRound(cluster);
  if (!latest) throw new SecaggError('no_round', 'the cluster has had no round yet');
  return latest.round;
}

async function start(client: CoordinatorClient, options: StartOptions, output: Output): Promise<void> {
  const overrides: RoundOverrides = {
    duration_ms: options.durationMs,
    send_delay_ms: options.sendDelayMs,
    groups: options.groups,
    min_participants_per_group: options.minParticipants,
    max_participants: options.maxParticipants,
    rho_units:
      options.epsilon === undefined ? undefined : rhoToBudgetUnits(epsilonToRho(options.epsilon, options.delta)),
  };
  const { cluster } = options;
  const opened = await client.startRound(
    cluster,
    await signRequest(options.operator, {
      action: 'start-round',
      cluster,
      overrides,
      ...(options.force ? { force: true } : {}),
    }),
  );
  const config = roundConfigMessage.decode(opened.announcement.body);
  printJson(output, {
    cluster,
    round: config.round,
    deadline: new Date(config.deadline_ms).toISOString(),
    epoch: config.epoch,
    keys: config.layout.keys.length,
  });
}

async function status(
  client: CoordinatorClient,
  { cluster, round, waitS }: { cluster: ClusterHash; round?: number; waitS?: number },
  output: Output,
): Promise<void> {
  const number = await chosenRound(client, cluster, round);
  const found =
    waitS === undefined ? await client.roundStatus(cluster, number) : await finalStatus(client, cluster, number, waitS);
  if (!found) throw new Refusal('the coordinator gave no status');
  const { phase, contributions, decision } = found;
  const body = decision && voteBodyMessage.decode(decision.body);
  const next = round === undefined ? (await client.latestRound(cluster))?.next : undefined;
  printJson(output, {
    cluster,
    round: number,
    phase,
    contributions,
    ...(body?.kind === 'abort' ? { reason: body.reason } : {}),
    ...(next ? { next: { at: new Date(next.at_ms).toISOString(), put_off: next.put_off } } : {}),
  });
}

async function finalStatus(client: CoordinatorClient, cluster: ClusterHash, round: number, waitS: number) {
  const deadline = Date.now() + waitS * 1000;
  for (;;) {
    const found = await client.roundStatus(cluster, round, {
      waitMs: Math.max(0, Math.min(25_000, deadline - Date.now())),
    });
    if (found && FINAL.includes(found.phase)) return found;
    if (Date.now() >= deadline)
      throw new Refusal(`round ${round} is not over after ${waitS} s${found ? `: ${found.phase}` : ''}`);
  }
}

async function result(
  client: CoordinatorClient,
  { cluster, round, authority }: { cluster: ClusterHash; round?: number; authority: string },
  output: Output,
): Promise<void> {
  const key = readAuthorityKey(authority);
  const number = await chosenRound(client, cluster, round);
  const audited = auditTranscript(key, await client.transcript(cluster, number));
  if (audited.round.config.cluster !== cluster || audited.round.config.round !== number)
    throw new SecaggError('wrong_config', 'the coordinator gave the transcript of another round');
  if (audited.kind === 'aborted')
    throw new SecaggError(
      'insufficient_participants',
      `round ${number} was aborted: ${audited.decision.body.kind === 'abort' ? audited.decision.body.reason : ''}`,
    );
  const published = publishedResult(audited);
  for (const group of published.implausible ?? []) output.err(`round ${number}: ${describeImplausible(group)}`);
  printJson(output, published);
}
