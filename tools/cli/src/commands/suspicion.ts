/** Which routers spoil their groups over rounds, as a coordinator has counted. */
import { CoordinatorClient } from '@secagg/client';
import { type ClusterHash, type SuspicionReport } from '@secagg/schema';
import { Command } from 'commander';
import { type Output, printJson } from '../output';
import { serviceUrl } from '../parse';
import { parseCluster } from './round';

export function suspicionCommand(output: Output): Command {
  return new Command('suspicion')
    .description('routers that spoil their groups over rounds, as the coordinator has counted')
    .argument('<url>', 'the coordinator', serviceUrl)
    .requiredOption('--cluster <hash>', 'hash of the cluster', parseCluster)
    .option('--json', 'print the scores of all routers as JSON')
    .action(async (url: string, { cluster, json }: { cluster: ClusterHash; json?: boolean }) => {
      const client = new CoordinatorClient({ url });
      try {
        const report = await client.suspicion(cluster);
        if (json) printJson(output, report);
        else output.out(describe(report));
      } finally {
        await client.close();
      }
    });
}

const HEADINGS = ['router', 'rounds', 'flagged', 'anybody', 'chance', 'named after', 'sits out until'];
const percent = (share: number): string => `${(100 * share).toFixed(0)}%`;

function describe({
  cluster,
  rounds,
  latest_round,
  min_rounds,
  error_probability,
  quarantine_rounds,
  suspects,
  routers,
}: SuspicionReport): string {
  const lines = [
    `cluster ${cluster}: ${rounds} rounds counted${rounds > 0 ? `, the last one ${latest_round}` : ''}; ${suspects.length} of ${routers.length} routers named`,
    `  judged from ${min_rounds} rounds on; an honest one is ever named with probability ${error_probability} at most`,
    quarantine_rounds > 0 ? `  quarantine: ${quarantine_rounds} rounds` : '  quarantine: none in the policy',
  ];
  const named = routers.filter(({ named_in_round }) => named_in_round !== null);
  if (named.length > 0) lines.push(...table([HEADINGS, ...named.map(rowOf)]));
  return lines.join('\n');
}

const rowOf = (entry: SuspicionReport['routers'][number]): string[] => [
  entry.router,
  String(entry.rounds),
  percent(entry.flagged_share),
  percent(entry.base_rate),
  entry.p_value.toExponential(1),
  `round ${entry.named_in_round}`,
  entry.quarantined_until_round === null ? '-' : `round ${entry.quarantined_until_round}`,
];

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map(
    (row) =>
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd()}`,
  );
}
