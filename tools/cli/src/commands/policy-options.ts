/** Options of the fleet policy, and what they change in it. */
import { epsilonToRho, rhoToBudgetUnits } from '@secagg/dp-noise';
import { type ClusterTerms, clusterTerms, corruptCandidates, type PolicyTerms, policyTerms } from '@secagg/protocol';
import { type ClusterHash, type ClusterPolicy, type PartyId } from '@secagg/schema';
import { type Command } from 'commander';
import { Usage } from '../output';
import { type Committee, HONEST_BY_DEFAULT, otherColluders, withColluders } from './colluders';
import { count, delta, list, membersOrAll, nonNegative, oneOf, positive, positiveCount } from '../parse';

export interface PolicyOptions {
  cluster?: string;
  salt?: string;
  members?: string[];
  unit?: 'router' | 'request' | 'both';
  minParticipants?: number;
  assumedColluders?: number;
  maxGroups?: number;
  epsilon?: number;
  delta?: number;
  budgetEpsilon?: number;
  budgetDays?: number;
  budgetProtects?: 'window' | 'event';
  unsafeNoNoise?: true;
  requireNoise?: true;
  quarantineRounds?: number;
  candidates?: string[];
  committee?: number;
  threshold?: number;
  maxEpochHours?: number;
  suites?: PolicyTerms['suites'];
  sealing?: 'x25519' | 'xwing';
  clockToleranceS?: number;
  misbehaviour?: 'record' | 'exclude';
  freshnessHours?: number;
  freshnessGraceHours?: number;
  validDays?: number;
}

/** @param signs the first policy, or the next one, in which everything stays that no option names */
export function addPolicyOptions(command: Command, signs: 'first' | 'next'): Command {
  const byDefault = (value: string) => (signs === 'first' ? ` (default: ${value})` : '');
  /** Of options about a cluster: the next policy may add one. */
  const ofCluster = (value: string) => ` (${signs === 'first' ? 'default' : 'new cluster'}: ${value})`;
  return command
    .option(
      '--cluster <id>',
      'cluster that the options from here to --quarantine-rounds are about; a new id adds a cluster',
    )
    .option('--salt <text>', 'hides the cluster id in its hash (16 random bytes by default)')
    .option(
      '--members <ids>',
      `routers of the cluster, or '*' for every router of the roster${ofCluster('every router of the roster')}`,
      membersOrAll,
    )
    .option(
      '--unit <unit>',
      `privacy unit that rounds may use: request, router or both${ofCluster('request')}`,
      oneOf('request', 'router', 'both'),
    )
    .option(
      '--min-participants <n>',
      `smallest group that is opened${ofCluster('3 above all that are assumed to collude')}`,
      positiveCount,
    )
    .option(
      '--assumed-colluders <n>',
      `routers per group assumed to collude or to add no noise, besides the t-1 committee members that may be among them${ofCluster('1')}`,
      count,
    )
    .option('--max-groups <n>', `most groups of a round${ofCluster('1')}`, positiveCount)
    .option('--epsilon <e>', `most that one round may cost${ofCluster('1')}`, positive)
    .option('--delta <d>', 'at which --epsilon and --budget-epsilon are meant (default: 1e-6)', delta)
    .option('--budget-epsilon <e>', `most that all rounds of a window may cost${ofCluster('8')}`, positive)
    .option('--budget-days <n>', `length of the window in days, 0 for the lifetime${ofCluster('30')}`, count)
    .option(
      '--budget-protects <what>',
      `what the budget is held to: all rounds of the window together, or those that one request enters, with no end of rounds: window or event${ofCluster('window')}`,
      oneOf('window', 'event'),
    )
    .option('--unsafe-no-noise', 'allow rounds without noise: for trials on data that needs no protection')
    .option('--require-noise', `allow none without noise${ofCluster('none is allowed')}`)
    .option(
      '--quarantine-rounds <n>',
      `rounds for which a router is refused that the scores name, 0 to 10000${ofCluster('0, nobody is refused')}`,
      count,
    )
    .option('--candidates <ids>', `parties that may be committee members${byDefault('router-0 to router-<m-1>')}`, list)
    .option('--committee <m>', `committee members${byDefault('4')}`, positiveCount)
    .option(
      '--threshold <t>',
      `members that can open a vector together; recommended: m = 3t-2${byDefault('2')}`,
      positiveCount,
    )
    .option('--max-epoch-hours <n>', `longest life of an epoch${byDefault('168')}`, positiveCount)
    .option(
      '--suites <names>',
      `cipher suites that rounds may have, of pad, rlwe-2048 and rlwe-4096; every party must know them${byDefault('pad')}`,
      suiteList,
    )
    .option(
      '--sealing <suite>',
      `x25519, or xwing to withstand quantum computers${byDefault('x25519')}`,
      oneOf('x25519', 'xwing'),
    )
    .option('--clock-tolerance-s <n>', `how far clocks may be apart${byDefault('60')}`, positiveCount)
    .option(
      '--misbehaviour <what>',
      `what proven misbehaviour does to a party: record it, or exclude the party until it has a new certificate${byDefault('record')}`,
      oneOf('record', 'exclude'),
    )
    .option(
      '--freshness-hours <n>',
      `how old the newest statement that policy and roster are current may be; 0: none is needed, and documents that a coordinator keeps back go unnoticed${byDefault('168')}`,
      nonNegative,
    )
    .option(
      '--freshness-grace-hours <n>',
      `how long parties go on after that without a newer one${byDefault('24')}`,
      nonNegative,
    )
    .option('--valid-days <n>', 'days until the policy ends (default: 365)', positiveCount);
}

const DAY_MS = 86_400_000;
const units = (epsilon: number, atDelta: number) => rhoToBudgetUnits(epsilonToRho(epsilon, atDelta));
const present = <T>(value: T | undefined, set: (value: T) => Partial<ClusterPolicy>): Partial<ClusterPolicy> =>
  value === undefined ? {} : set(value);

function clusterChanges(options: PolicyOptions): Partial<ClusterPolicy> {
  const { delta: atDelta = 1e-6 } = options;
  if (options.unsafeNoNoise && options.requireNoise)
    throw new Usage('--unsafe-no-noise and --require-noise exclude each other');
  return {
    ...present(options.members, (members) => ({ members: [...new Set(members)].sort() as PartyId[] })),
    ...present(options.unit, (unit) => ({ privacy_units: unit === 'both' ? ['router', 'request'] : [unit] })),
    ...present(options.minParticipants, (n) => ({ min_participants_per_group: n })),
    ...present(options.maxGroups, (n) => ({ max_groups: n })),
    ...present(options.epsilon, (epsilon) => ({ max_round_rho_units: units(epsilon, atDelta) })),
    ...present(options.budgetEpsilon, (epsilon) => ({ budget_rho_units: units(epsilon, atDelta) })),
    ...present(options.budgetDays, (days) => ({ budget_window_days: days })),
    ...present(options.budgetProtects, (protects) => ({
      budget_protects: protects === 'window' ? undefined : protects,
    })),
    ...(options.unsafeNoNoise || options.requireNoise ? { unsafe_no_noise: options.unsafeNoNoise === true } : {}),
    ...present(options.quarantineRounds, (rounds) => ({ quarantine_rounds: rounds === 0 ? undefined : rounds })),
  };
}

function clustersAfter(
  before: PolicyTerms | undefined,
  cluster: ClusterHash | undefined,
  options: PolicyOptions,
  committee: Committee,
): ClusterTerms[] {
  const changes = clusterChanges(options);
  const known = before?.clusters ?? [];
  if (cluster === undefined) {
    if (known.length === 0) throw new Usage('a policy has at least one cluster: --cluster <id>');
    if (Object.keys(changes).length > 0 || options.assumedColluders !== undefined)
      throw new Usage('--cluster <id> says which cluster the options are about');
  }
  const kept = known.map((entry) => {
    const isMeant = entry.cluster === cluster;
    const others =
      (isMeant ? options.assumedColluders : undefined) ?? otherColluders((before as PolicyTerms).committee, entry);
    return withColluders({ ...entry, ...(isMeant ? changes : {}) }, others, committee);
  });
  const isNew = cluster !== undefined && !known.some((entry) => entry.cluster === cluster);
  const after = isNew ? [...kept, newCluster(cluster, changes, options, committee)] : kept;
  if (
    after.some(({ budget_protects, privacy_units }) => budget_protects === 'event' && privacy_units.includes('router'))
  )
    throw new Usage(
      'unit router is always held to the window, since a router is in every round (--budget-protects event goes with --unit request only)',
    );
  return after;
}

function newCluster(
  cluster: ClusterHash,
  changes: Partial<ClusterPolicy>,
  { delta: atDelta = 1e-6, assumedColluders: others = 1 }: PolicyOptions,
  committee: Committee,
): ClusterTerms {
  const colluders = others + corruptCandidates(committee, { members: changes.members ?? [] });
  const defaults = {
    min_participants_per_group: colluders + HONEST_BY_DEFAULT,
    max_round_rho_units: units(1, atDelta),
    budget_rho_units: units(8, atDelta),
  };
  return withColluders(clusterTerms(cluster, { ...defaults, ...changes }), others, committee);
}

/** What is allowed and seldom meant. */
export const policyWarnings = ({ committee, clusters }: PolicyTerms, cluster: ClusterHash | undefined): string[] =>
  clusters.flatMap((terms) => {
    if (terms.cluster !== cluster) return [];
    return [
      ...(terms.budget_protects === 'event'
        ? [
            'requests are protected one by one, and those of one user together only as far as each of them is; a router takes part so only where its own SECAGG_BUDGET_PROTECTS is event',
          ]
        : []),
      ...(terms.unsafe_no_noise ? ['rounds without noise are allowed: they protect nothing'] : []),
      ...(otherColluders(committee, terms) === 0
        ? [
            'no router besides corrupt committee members is assumed to collude: one that leaves out its noise, or subtracts its own, makes every round cost the others more than their ledgers say',
          ]
        : []),
    ];
  });

/** The next policy: the one before with what the options change, or the defaults where there is none before. */
export function nextPolicy(
  before: PolicyTerms | undefined,
  cluster: ClusterHash | undefined,
  options: PolicyOptions,
  nowMs: number,
): PolicyTerms {
  const size = options.committee ?? before?.committee.size ?? 4;
  const candidates =
    options.candidates ?? before?.committee.candidates ?? Array.from({ length: size }, (_, i) => `router-${i}`);
  const { sealing, clockToleranceS, maxEpochHours } = options;
  const committee = {
    candidates: [...new Set(candidates)] as PartyId[],
    size,
    threshold: options.threshold ?? before?.committee.threshold ?? 2,
  };
  return policyTerms({
    version: (before?.version ?? 0) + 1,
    issued_at_ms: nowMs,
    not_after_ms: nowMs + (options.validDays ?? 365) * DAY_MS,
    clusters: clustersAfter(before, cluster, options, committee),
    committee: {
      ...committee,
      max_epoch_ms:
        maxEpochHours === undefined ? (before?.committee.max_epoch_ms ?? 7 * DAY_MS) : maxEpochHours * 3_600_000,
    },
    ...(before?.protocol_versions ? { protocol_versions: before.protocol_versions } : {}),
    ...((options.misbehaviour ?? before?.misbehaviour) === 'exclude' ? { misbehaviour: 'exclude' as const } : {}),
    ...freshnessAfter(before, options),
    suites: options.suites ?? before?.suites ?? ['pad'],
    sealing_suites:
      sealing === undefined
        ? (before?.sealing_suites ?? ['hpke-x25519-sha256-aes256gcm'])
        : [`hpke-${sealing}-sha256-aes256gcm`],
    clock_tolerance_ms: clockToleranceS === undefined ? (before?.clock_tolerance_ms ?? 60_000) : clockToleranceS * 1000,
  });
}

const suiteList = (text: string): PolicyTerms['suites'] => [...new Set(list(text).map(suiteName))];
const suiteName = oneOf('pad', 'rlwe-2048', 'rlwe-4096');

const HOUR_MS = 3_600_000;

/** New fleets ask for statements; one that was made before them goes on without until it is told to. */
function freshnessAfter(
  before: PolicyTerms | undefined,
  { freshnessHours, freshnessGraceHours }: PolicyOptions,
): Pick<PolicyTerms, 'freshness'> {
  const known = before ? before.freshness : { max_age_ms: 7 * DAY_MS, grace_ms: DAY_MS };
  const maxAgeMs = freshnessHours === undefined ? known?.max_age_ms : Math.round(freshnessHours * HOUR_MS);
  if (maxAgeMs === undefined || maxAgeMs === 0) {
    if (freshnessGraceHours !== undefined)
      throw new Usage('--freshness-grace-hours goes with statements: --freshness-hours <n>');
    return {};
  }
  const graceMs =
    freshnessGraceHours === undefined ? (known?.grace_ms ?? DAY_MS) : Math.round(freshnessGraceHours * HOUR_MS);
  return { freshness: { max_age_ms: maxAgeMs, grace_ms: graceMs } };
}
