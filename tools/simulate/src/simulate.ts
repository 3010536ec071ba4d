/**
 * The whole protocol in one process, with every message in its wire encoding but no network, and the CPU time of each role. The
 * opened sums are compared exactly with the sum of the participants' vectors and noise: figures without that are not returned.
 */
import { auditTranscript, LocalFleet, type LocalRouter, type RoundPlan, runCommittee } from '@secagg/protocol';
import { layoutDimension, type RoundConfig, transcriptMessage } from '@secagg/schema';
import { catalogueFor } from './catalogue';
import { ExpectedSums } from './expected-sums';
import { CpuMeter, median } from './meter';
import { type SimulationOptions } from './options';
import { UnsafeRecorder } from './randomness';
import { sample, trafficVector, uniform } from './traffic';

export interface RoundFigures {
  /** Per router: checking the announcement, building the contribution, checking the receipt. */
  readonly router_cpu_ms: number;
  /** Of these, building the contribution: noise, encryption, sealing, signature, and the charge. */
  readonly build_cpu_ms: number;
  /** Coordinator, whole round: announcement to published transcript. */
  readonly coordinator_cpu_ms: number;
  /** Of these, per contribution: checking it, signing the receipt, adding it. */
  readonly coordinator_contribution_cpu_ms: number;
  /** Per committee member, whole round. */
  readonly committee_cpu_ms: number;
  /** Anyone who re-checks the published round. */
  readonly audit_cpu_ms: number;
  /** Body of the largest contribution. */
  readonly upload_bytes: number;
}

export interface SimulationResult extends RoundFigures {
  /** Every opened sum was exactly the sum of the participants' vectors and noise, in every round. */
  readonly checked: true;
  readonly routers: number;
  readonly participants: number;
  readonly dropout: number;
  readonly dimension: number;
  readonly keys: number;
  readonly fields: number;
  readonly word_bits: number;
  readonly suite: string;
  readonly committee: { readonly size: number; readonly threshold: number };
  readonly groups: number;
  readonly noise_variance: number;
  readonly rounds: number;
}

const coordinatorMethods = ['open', 'work', 'views', 'tick', 'takeSeat', 'takeEpochSignature', 'takeReport', 'takeVote', 'takeTransfer', 'takeAnswer', 'publish'] as const;
const roundMs = 60_000;

/** Throws an Error when a round does not open, or opens to another sum than it must. */
export function simulate(options: SimulationOptions): SimulationResult {
  const simulation = new Simulation(options);
  const rounds = Array.from({ length: options.rounds }, () => simulation.runRound());
  const { layout, privacy } = rounds[0].config;
  return {
    checked: true,
    ...medians(rounds.map(({ figures }) => figures)),
    routers: options.routers,
    participants: simulation.participants,
    dropout: options.dropout,
    dimension: layoutDimension(layout),
    keys: layout.keys.length,
    fields: layout.fields.length,
    word_bits: layout.word_bits,
    suite: rounds[0].config.suite,
    committee: options.committee,
    groups: options.groups,
    noise_variance: privacy.noise_variance_numerator / privacy.noise_variance_denominator,
    rounds: options.rounds,
  };
}

class Simulation {
  readonly participants: number;
  private readonly next: () => number;
  private readonly recorder: UnsafeRecorder;
  private readonly plan: Omit<RoundPlan, 'round' | 'cluster'>;
  private readonly fleet: LocalFleet;
  private readonly meter = new CpuMeter();
  private nowMs = Date.now();

  constructor(private readonly options: SimulationOptions) {
    const { routers, groups, committee, unsafeNoNoise, seed } = options;
    const { keys, fields } = catalogueFor(options.dimension);
    this.participants = routers - Math.round(routers * options.dropout);
    this.next = uniform(seedNumber(seed));
    this.recorder = new UnsafeRecorder(seed);
    this.plan = {
      keys,
      fields,
      maxRequestsPerRouter: 1000,
      minParticipantsPerGroup: options.minParticipants ?? Math.max(1, Math.floor(this.participants / groups / 2)),
      maxParticipants: routers,
      groups,
      privacy: { unit: 'request', rho: unsafeNoNoise ? 'unsafe-none' : options.rho, assumedColluders: 0, deltaInverse: 1_000_000 },
      sendDelayMs: 0,
      durationMs: 1000,
    };
    this.fleet = new LocalFleet({
      routers, committee, random: this.recorder.random, nowMs: this.nowMs, cluster: { unsafe_no_noise: unsafeNoNoise }, limits: { unsafeNoNoise },
    });
    this.fleet.startEpoch(this.nowMs);
    this.meter.attach('coordinator', this.fleet.coordinator, ...coordinatorMethods);
    this.meter.attach('receive', this.fleet.coordinator, 'contribute');
    this.fleet.members.forEach((member, j) => this.meter.attach(`member-${j}`, member, 'work'));
  }

  runRound(): { config: RoundConfig; figures: RoundFigures } {
    const { fleet, meter, plan } = this;
    this.nowMs += roundMs;
    meter.reset();
    const { key, config } = meter.run('coordinator', () => fleet.announce(plan, this.nowMs));
    const expected = new ExpectedSums(config);
    const contributions = [...sample(this.participants, this.options.routers, this.next)].map((i) => this.contribute(key, config, fleet.routers[i], expected));
    runCommittee(fleet.coordinator, fleet.members, this.nowMs + plan.durationMs);
    const transcript = fleet.coordinator.publish(key);
    const audited = meter.run('auditor', () => auditTranscript(fleet.authority.publicKey, transcriptMessage.view(transcript)));
    if (audited.kind !== 'opened') throw new Error('the round was aborted');
    expected.check(audited);
    fleet.forget(key);
    return {
      config,
      figures: {
        router_cpu_ms: median(contributions.map((entry) => entry.routerMs)),
        build_cpu_ms: median(contributions.map((entry) => entry.buildMs)),
        coordinator_cpu_ms: meter.ms('coordinator') + meter.ms('receive'),
        coordinator_contribution_cpu_ms: median(contributions.map((entry) => entry.receiveMs)),
        committee_cpu_ms: median(fleet.members.map((_, j) => meter.ms(`member-${j}`))),
        audit_cpu_ms: meter.ms('auditor'),
        upload_bytes: Math.max(...contributions.map((entry) => entry.bytes)),
      },
    };
  }

  private contribute(key: string, config: RoundConfig, router: LocalRouter, expected: ExpectedSums): { routerMs: number; buildMs: number; receiveMs: number; bytes: number } {
    const { meter, fleet } = this;
    const vector = trafficVector(config.layout, this.options.requestsPerRouter, this.next);
    const copy = vector.slice();
    const before = { router: meter.ms('router'), build: meter.ms('build'), receive: meter.ms('receive') };
    const open = fleet.coordinator.open(key);
    const round = meter.run('router', () => router.check(open, this.nowMs));
    const { result: bytes, again } = this.recorder.recording(() => meter.run('build', () => router.build(round, vector, this.nowMs)));
    meter.run('router', () => router.send(fleet.coordinator, key, bytes));
    expected.add(router.identity.id, copy, again);
    const buildMs = meter.ms('build') - before.build;
    return { routerMs: meter.ms('router') - before.router + buildMs, buildMs, receiveMs: meter.ms('receive') - before.receive, bytes: bytes.length };
  }
}

const medians = (figures: readonly RoundFigures[]): RoundFigures =>
  Object.fromEntries(Object.keys(figures[0]).map((name) => [name, median(figures.map((entry) => entry[name as keyof RoundFigures]))])) as unknown as RoundFigures;

/** FNV-1a, for the traffic only. */
function seedNumber(seed = String(Date.now())): number {
  let hash = 0x811c9dc5;
  for (const character of seed) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}
