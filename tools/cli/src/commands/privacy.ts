/** Privacy figures, each as one JSON object (PROTOCOL section 6). A figure that would mean nothing is refused, with its code. */
import { costOfSum, DpNoiseError, epsilonToRho, planNoise, privacyOfSum, rhoToBudgetUnits, rhoToEpsilon, unitsToRho } from '@secagg/dp-noise';
import { defaultFields, requestNorm } from '@secagg/schema';
import { Command } from 'commander';
import { type Output, printJson } from '../output';
import { count, delta, number, positive, positiveCount } from '../parse';

export function privacyCommand(output: Output): Command {
  const privacy = new Command('privacy').description('privacy figures');
  privacy
    .command('rho-to-epsilon')
    .description('epsilon of rho-zCDP at a delta')
    .requiredOption('--rho <r>', 'zCDP cost', number)
    .requiredOption('--delta <d>', 'probability', number)
    .action((options: { rho: number; delta: number }) => print(output, () => ({ epsilon: rhoToEpsilon(options.rho, options.delta), rho: options.rho, tau: 0, delta: options.delta })));
  privacy
    .command('sum')
    .description('cost of a sum in which every contribution carries discrete Gaussian noise')
    .requiredOption('--contributors <n>', 'honest contributions in the sum', positiveCount)
    .requiredOption('--scale <s>', 'standard deviation of each contribution\'s noise, in integer units', positive)
    .requiredOption('--sensitivity <d2>', 'L2 norm of the largest unit, in integer units', positive)
    .requiredOption('--dimension <d>', 'length of the vector', positiveCount)
    .requiredOption('--delta <d>', 'probability', number)
    .action((options: { contributors: number; scale: number; sensitivity: number; dimension: number; delta: number }) =>
      print(output, () => {
        const { rho, tau } = privacyOfSum(options);
        return { epsilon: rhoToEpsilon(rho, options.delta), rho, tau, delta: options.delta };
      }),
    );
  privacy
    .command('plan')
    .description('noise of a round that costs at most epsilon, and the standard errors that follow')
    .requiredOption('--epsilon <e>', 'most that the round may cost', positive)
    .requiredOption('--min-participants <n>', 'smallest group that is opened', positiveCount)
    .option('--delta <d>', 'at which epsilon is meant', delta, 1e-6)
    .option('--assumed-colluders <n>', 'routers per group assumed to add no noise', count, 0)
    .option('--participants <n>', 'contributions expected (default: the minimum)', positiveCount)
    .option('--keys <n>', 'keys of the catalogue', positiveCount, 100)
    .option('--requests <n>', 'requests per key, for the standard errors of means', positiveCount, 1000)
    .option('--latency-bound <s>', 'latencies above it count as it', positive, 60)
    .option('--no-cost', 'without cost fields')
    .option('--quality', 'with quality fields')
    .action((options: PlanOptions) => print(output, () => plan(options)));
  return privacy;
}

interface PlanOptions {
  epsilon: number;
  delta: number;
  minParticipants: number;
  assumedColluders: number;
  participants?: number;
  keys: number;
  requests: number;
  latencyBound: number;
  cost: boolean;
  quality?: boolean;
}

function plan(options: PlanOptions) {
  const { keys, requests, minParticipants, assumedColluders } = options;
  const fields = defaultFields({ latencyBoundSeconds: options.latencyBound, cost: options.cost, quality: options.quality ?? false });
  const sensitivity = requestNorm({ fields });
  const dimension = keys * fields.length;
  const { shareVariance, worstCase } = planNoise({
    units: rhoToBudgetUnits(epsilonToRho(options.epsilon, options.delta)), sensitivity, honestQuorum: minParticipants - assumedColluders, dimension,
  });
  const participants = options.participants ?? minParticipants;
  const actual = costOfSum({ shareVariance, sensitivity, dimension }, Math.max(1, participants - assumedColluders));
  const variance = shareVariance.numerator / shareVariance.denominator;
  const noise = Math.sqrt(participants * variance);
  const scaleOf = (name: string) => fields.find((field) => field.name === name)?.scale ?? 1;
  return {
    epsilon: rhoToEpsilon(worstCase.rho, options.delta),
    rho: unitsToRho(worstCase.units),
    tau: worstCase.tau,
    delta: options.delta,
    unit: 'request',
    epsilon_with_all_participants: rhoToEpsilon(actual.rho, options.delta),
    noise_per_router: Math.sqrt(variance),
    sensitivity,
    dimension,
    /** At a mean in the middle of its range, where the centred sum is 0. */
    standard_errors: { total_samples: noise / scaleOf('samples'), success_rate: noise / scaleOf('successes') / requests, avg_latency: noise / scaleOf('latency') / requests },
  };
}

/** A refusal is one JSON object too; the exit status tells them apart. */
function print(output: Output, figures: () => object): void {
  try {
    printJson(output, figures());
  } catch (error) {
    if (error instanceof DpNoiseError) printJson(output, { code: error.code, message: error.message, details: error.details });
    throw error;
  }
}
