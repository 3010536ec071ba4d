/**
 * Privacy figures, each as one JSON object (docs/protocol.md, "Privacy cost and ledger"). A figure that would mean
 * nothing is refused, with its code.
 */
import { privacyOfSum, rhoToEpsilon } from '@secagg/dp-noise';
import { Command } from 'commander';
import { type Output } from '../output';
import { number, positive, positiveCount } from '../parse';
import { planCommand } from './privacy-plan';
import { printFigures } from './print-figures';

export function privacyCommand(output: Output): Command {
  const privacy = new Command('privacy').description('privacy figures');
  privacy
    .command('rho-to-epsilon')
    .description('epsilon of rho-zCDP at a delta')
    .requiredOption('--rho <r>', 'zCDP cost', number)
    .requiredOption('--delta <d>', 'probability', number)
    .action((options: { rho: number; delta: number }) =>
      printFigures(output, () => ({
        epsilon: rhoToEpsilon(options.rho, options.delta),
        rho: options.rho,
        tau: 0,
        delta: options.delta,
      })),
    );
  privacy
    .command('sum')
    .description('cost of a sum in which every contribution carries discrete Gaussian noise')
    .requiredOption('--contributors <n>', 'honest contributions in the sum', positiveCount)
    .requiredOption('--scale <s>', "standard deviation of each contribution's noise, in integer units", positive)
    .requiredOption('--sensitivity <d2>', 'L2 norm of the largest unit, in integer units', positive)
    .requiredOption('--dimension <d>', 'length of the vector', positiveCount)
    .requiredOption('--delta <d>', 'probability', number)
    .action((options: { contributors: number; scale: number; sensitivity: number; dimension: number; delta: number }) =>
      printFigures(output, () => {
        const { rho, tau } = privacyOfSum(options);
        return { epsilon: rhoToEpsilon(rho, options.delta), rho, tau, delta: options.delta };
      }),
    );
  privacy.addCommand(planCommand(output));
  return privacy;
}
