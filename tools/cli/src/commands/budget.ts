/** What a router has spent of its own privacy budget, from its own ledger. */
import { rhoToEpsilon } from '@secagg/dp-noise';
import { Command } from 'commander';
import { type Output, printJson, Refusal } from '../output';
import { delta, serviceUrl, positiveCount } from '../parse';
import { tokenFile, withRouterNode } from '../router-node';

export function budgetCommand(output: Output): Command {
  const budget = new Command('budget').description('privacy budget of a router-node');
  const url = ['<url>', 'the router-node', serviceUrl] as const;
  budget
    .command('show')
    .description('budget, spent and left')
    .argument(...url)
    .addOption(tokenFile())
    .option('--delta <d>', 'at which epsilon is stated', delta, 1e-6)
    .action((url: string, options: { delta: number; tokenFile?: string }) =>
      withRouterNode(url, options.tokenFile, async (client) => {
        const { id, cluster, privacy } = await client.status();
        if (privacy === null)
          throw new Refusal(`${id} cannot state its budget yet: it does not know its fleet's policy`);
        const epsilon = (rho: number) => rhoToEpsilon(rho, options.delta);
        printJson(output, {
          id,
          cluster,
          // Only the window was held to before this was said.
          protects: privacy.protects ?? 'window',
          protected: privacy.protected ?? null,
          window_days: privacy.window_days ?? null,
          rho: {
            budget: privacy.budget_rho,
            spent: privacy.spent_rho,
            open: privacy.open_rho,
            request: privacy.request_rho ?? null,
            remaining: privacy.remaining_rho,
          },
          epsilon: {
            delta: options.delta,
            budget: epsilon(privacy.budget_rho),
            spent: epsilon(privacy.spent_rho),
            open: epsilon(privacy.open_rho),
            request: privacy.request_rho === undefined ? null : epsilon(privacy.request_rho),
            remaining: epsilon(privacy.remaining_rho),
          },
        });
      }),
    );
  budget
    .command('history')
    .description('what the ledger was charged, corrected to and given back, newest first')
    .argument(...url)
    .addOption(tokenFile())
    .option('--limit <n>', 'entries, at most 1000', positiveCount, 100)
    .option('--before <id>', 'only entries before this one (next_before of the page before)', positiveCount)
    .action(
      (url: string, { limit, before, tokenFile: token }: { limit: number; before?: number; tokenFile?: string }) =>
        withRouterNode(url, token, async (client) =>
          printJson(output, await client.budgetHistory({ limit, ...(before === undefined ? {} : { before }) })),
        ),
    );
  return budget;
}
