/** The figures this project answers for: what they are called, what to reach, and how each is measured. */
import { type Bench } from './bench';

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly target: number;
  readonly stretch: number;
  /** Whether larger is better. */
  readonly rising?: true;
  /** Throws when a sum was not what it had to be: then there is no figure. */
  readonly measure: (bench: Bench) => number | Promise<number>;
}

/** Enough rounds for a median, and for the code to be warm as in a service. */
const n300 = ['--routers', '300', '--rounds', '11'];
const long = ['--dimension', '100000'];
/** Without noise: sampling it takes the same time in every suite. */
const lattice = [...long, '--suite', 'rlwe-4096', '--unsafe-no-noise'];

export const figures: readonly Figure[] = [
  {
    name: 'router_contribution_d1024_ms',
    unit: 'ms',
    target: 3,
    stretch: 1,
    measure: (bench) => bench.simulate(n300).build_cpu_ms,
  },
  {
    name: 'router_contribution_nonoise_d1024_ms',
    unit: 'ms',
    target: 1.5,
    stretch: 0.7,
    measure: (bench) => bench.simulate(['--routers', '300', '--rounds', '3', '--unsafe-no-noise']).build_cpu_ms,
  },
  {
    name: 'coordinator_contribution_d1024_ms',
    unit: 'ms',
    target: 0.4,
    stretch: 0.2,
    measure: (bench) => bench.simulate(n300).coordinator_contribution_cpu_ms,
  },
  // With dropouts more routers are invited, so that 300 contributions arrive in each case: only the dropouts differ.
  {
    name: 'round_coordinator_cpu_n300_d1024_drop0_s',
    unit: 's',
    target: 0.2,
    stretch: 0.08,
    measure: (bench) => bench.simulate(n300).coordinator_cpu_ms / 1000,
  },
  {
    name: 'round_coordinator_cpu_n300_d1024_drop10_s',
    unit: 's',
    target: 0.2,
    stretch: 0.08,
    measure: (bench) =>
      bench.simulate(['--routers', '333', '--dropout', '0.1', '--rounds', '11']).coordinator_cpu_ms / 1000,
  },
  {
    name: 'round_coordinator_cpu_n300_d1024_drop30_s',
    unit: 's',
    target: 0.2,
    stretch: 0.08,
    measure: (bench) =>
      bench.simulate(['--routers', '429', '--dropout', '0.3', '--rounds', '11']).coordinator_cpu_ms / 1000,
  },
  {
    name: 'round_coordinator_cpu_n100_d100000_s',
    unit: 's',
    target: 0.5,
    stretch: 0.2,
    measure: (bench) => bench.simulate(['--routers', '100', '--rounds', '3', ...long]).coordinator_cpu_ms / 1000,
  },
  {
    name: 'committee_member_cpu_n300_s',
    unit: 's',
    target: 0.35,
    stretch: 0.15,
    measure: (bench) => bench.simulate(n300).committee_cpu_ms / 1000,
  },
  {
    name: 'committee_member_cpu_n300_d100000_s',
    unit: 's',
    target: 2,
    stretch: 0.3,
    measure: (bench) => bench.simulate(['--routers', '300', ...lattice]).committee_cpu_ms / 1000,
  },
  {
    name: 'close_to_result_n300_s',
    unit: 's',
    target: 1.5,
    stretch: 0.5,
    measure: (bench) => bench.closeToResult(300),
  },
  {
    name: 'upload_d1024_bytes',
    unit: 'bytes',
    target: 16_000,
    stretch: 10_000,
    measure: (bench) => bench.simulate(n300).upload_bytes,
  },
  {
    name: 'upload_d100000_bytes',
    unit: 'bytes',
    target: 650_000,
    stretch: 450_000,
    measure: (bench) => bench.simulate(['--routers', '100', '--rounds', '3', ...long]).upload_bytes,
  },
  {
    name: 'router_contribution_rlwe_d100000_ms',
    unit: 'ms',
    target: 30,
    stretch: 20,
    measure: (bench) => bench.simulate(['--routers', '60', '--rounds', '3', ...lattice]).build_cpu_ms,
  },
  {
    name: 'upload_rlwe_d100000_bytes',
    unit: 'bytes',
    target: 650_000,
    stretch: 450_000,
    measure: (bench) => bench.simulate(['--routers', '60', '--rounds', '3', ...lattice]).upload_bytes,
  },
  {
    name: 'memory_growth_n100_n1000_mb',
    unit: 'MB',
    target: 50,
    stretch: 10,
    measure: (bench) => bench.memoryGrowth(100, 1000),
  },
  {
    name: 'ingest_http_per_s',
    unit: '1/s',
    target: 400,
    stretch: 1000,
    rising: true,
    measure: (bench) => bench.ingest(2000),
  },
  // Beside it are notes: contributions per second of 1, 2, 3 and 4 replicas, and a bare insert in batches.
  {
    name: 'ingest_postgres_ratio',
    unit: '',
    target: 1.2,
    stretch: 1.5,
    rising: true,
    measure: (bench) => bench.replicaRatio(1500),
  },
  {
    name: 'router_loop_block_1m_ms',
    unit: 'ms',
    target: 50,
    stretch: 20,
    measure: (bench) => bench.eventLoopBlock(),
  },
  {
    name: 'rank_p99_ms',
    unit: 'ms',
    target: 1,
    stretch: 0.3,
    measure: (bench) => bench.rankP99(),
  },
  {
    name: 'simulate_n10000_s',
    unit: 's',
    target: 60,
    stretch: 20,
    measure: (bench) => bench.simulate(['--routers', '10000']).wall_s,
  },
];
