import { CoordinatorClient } from '@secagg/client';
import { epochMessage } from '@secagg/schema';
import { Command } from 'commander';
import { type Output, printJson, Refusal } from '../output';
import { serviceUrl, positiveCount } from '../parse';
import { signRequest } from './operator';

export function epochCommand(output: Output): Command {
  const epoch = new Command('epoch').description('committee epochs');
  epoch
    .command('start')
    .description('ask the committee candidates for new seats, and wait until all members have signed')
    .argument('<url>', 'the coordinator', serviceUrl)
    .requiredOption('--operator <folder>', 'party folder of an operator')
    .option('--wait-s <n>', 'how long to wait', positiveCount, 60)
    .action((url: string, options: { operator: string; waitS: number }) => start(url, options, output));
  epoch
    .command('show')
    .description('the epoch in force, as the coordinator states it')
    .argument('<url>', 'the coordinator', serviceUrl)
    .action(async (url: string) => {
      const client = new CoordinatorClient({ url });
      try {
        printJson(output, (await describe(client)) ?? { epoch: null });
      } finally {
        await client.close();
      }
    });
  return epoch;
}

async function describe(client: CoordinatorClient) {
  const certificate = await client.currentEpoch();
  if (!certificate) return undefined;
  const { epoch, members, threshold, sealing_suite, not_after_ms } = epochMessage.decode(certificate.body);
  return {
    epoch: epoch as number,
    members: members.map(({ id }) => id),
    threshold,
    sealing_suite,
    not_after: new Date(not_after_ms).toISOString(),
  };
}

async function start(
  url: string,
  { operator, waitS }: { operator: string; waitS: number },
  output: Output,
): Promise<void> {
  const client = new CoordinatorClient({ url });
  try {
    const before = (await describe(client))?.epoch ?? 0;
    await client.startEpoch(await signRequest(operator, { action: 'start-epoch' }));
    for (
      const deadline = Date.now() + waitS * 1000;
      Date.now() < deadline;
      await new Promise((resolve) => setTimeout(resolve, 250))
    ) {
      const now = await describe(client);
      if (now && now.epoch > before) {
        printJson(output, now);
        return;
      }
    }
    throw new Refusal(
      `the epoch was started, but not all members have signed within ${waitS} s: are the candidates running?`,
    );
  } finally {
    await client.close();
  }
}
