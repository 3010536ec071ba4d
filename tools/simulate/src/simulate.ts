/**
 * The whole protocol in one process, with every message in its wire encoding but no network, and the CPU time of each
 * role. The opened sums are compared exactly with the sum of the participants' vectors and noise: figures without that
 * are not returned.
 */
import { auditTranscript, LocalFleet, type RoundPlan, runCommittee } from '@secagg/protocol';
import { layoutDimension, type RoundConfig, transcriptMessage } from '@secagg/schema';
import { uniform } from '@secagg/testbed/random';
import { catalogueFor } from './catalogue';
import { Contributor } from './contributor';
import { type ExpectedSums } from './expected-sums';
import { CpuMeter, median } from './meter';
import { type SimulationOptions } from './options';
import { UnsafeRecorder } from './randomness';
import { Helper } from './thread/helper';
import { threadClock } from './thread/thread-clock';
import { sample } from './traffic';

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
  /** With two, CPU times are means over the routers instead of medians. */
  readonly threads: number;
}

const coordinatorMethods = [
  'open',
  'work',
  'views',
  'tick',
  'takeSeat',
  'takeEpochSignature',
  'takeReport',
  'takeVote',
  'takeTransfer',
  'takeAnswer',
  'publish',
] as const;
const roundMs = 60_000;

/**
 * Throws an Error when a round does not open, or opens to another sum than it must.
 * @param helperScript with it, half of the routers and members are played by a second thread that runs it (`runHelper`)
 */
export function simulate(options: SimulationOptions, helperScript?: URL): SimulationResult {
  const simulation = new Simulation(options, helperScript);
  const rounds = Array.from({ length: options.rounds }, () => simulation.runRound());
  simulation.end();
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
    threads: helperScript ? 2 : 1,
  };
}

class Simulation {
  readonly participants: number;
  private readonly next: () => number;
  private readonly recorder: UnsafeRecorder;
  private readonly plan: Omit<RoundPlan, 'round' | 'cluster'>;
  private readonly fleet: LocalFleet;
  private readonly meter: CpuMeter;
  private readonly helper: Helper | undefined;
  private nowMs = Date.now();

  constructor(
    private readonly options: SimulationOptions,
    helperScript?: URL,
  ) {
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
      suite: options.suite,
      privacy: {
        unit: 'request',
        rho: unsafeNoNoise ? 'unsafe-none' : options.rho,
        deltaInverse: 1_000_000,
      },
      sendDelayMs: 0,
      durationMs: 1000,
    };
    this.fleet = new LocalFleet({
      routers,
      committee,
      random: this.recorder.random,
      nowMs: this.nowMs,
      cluster: { unsafe_no_noise: unsafeNoNoise },
      policy: { suites: [options.suite] },
      limits: { unsafeNoNoise },
    });
    this.fleet.startEpoch(this.nowMs);
    if (helperScript) {
      this.helper = new Helper(helperScript, this.fleet, {
        requestsPerRouter: options.requestsPerRouter,
        trafficSeed: seedNumber(`${seed} helper`),
        ...(seed === undefined ? {} : { seed: `${seed} helper` }),
      });
    }
    this.meter = helperScript ? new CpuMeter(threadClock()) : new CpuMeter();
    this.meter.attach('coordinator', this.fleet.coordinator, ...coordinatorMethods);
    this.meter.attach('receive', this.fleet.coordinator, 'contribute');
    this.fleet.members.forEach((member, j) => this.meter.attach(`member-${j}`, member, 'work'));
  }

  runRound(): { config: RoundConfig; figures: RoundFigures } {
    const { fleet, meter, plan, helper } = this;
    this.nowMs += roundMs;
    meter.reset();
    const { key, config } = meter.run('coordinator', () => fleet.announce(plan, this.nowMs));
    const contributed = this.contribute(key);
    this.runCommittee(this.nowMs + plan.durationMs);
    const transcript = fleet.coordinator.publish(key);
    const audited = meter.run('auditor', () =>
      auditTranscript(fleet.authority.publicKey, transcriptMessage.view(transcript)),
    );
    if (audited.kind !== 'opened') throw new Error('the round was aborted');
    contributed.expected.check(audited);
    const memberMs = fleet.members.map((_, j) => helper?.memberMs.get(j) ?? meter.ms(`member-${j}`));
    fleet.forget(key);
    helper?.forget(key);
    return {
      config,
      figures: {
        ...contributed.figures,
        coordinator_cpu_ms: meter.ms('coordinator') + meter.ms('receive'),
        committee_cpu_ms: median(memberMs),
        audit_cpu_ms: meter.ms('auditor'),
      },
    };
  }

  end(): void {
    this.helper?.end();
  }

  /** Lets the routers that are there contribute. */
  private contribute(key: string): {
    expected: ExpectedSums;
    figures: Pick<RoundFigures, 'router_cpu_ms' | 'build_cpu_ms' | 'coordinator_contribution_cpu_ms' | 'upload_bytes'>;
  } {
    const { fleet, meter, helper, recorder, next, options } = this;
    const { coordinator, routers } = fleet;
    const open = coordinator.open(key);
    const present = [...sample(this.participants, options.routers, next)].map((i) => routers[i]);
    const elsewhere = present.map(({ identity }) => identity.id).filter((id) => helper?.plays(id));
    helper?.startContributions(key, open, elsewhere, this.nowMs);
    const contributor = new Contributor(
      open,
      { meter, recorder, requestsPerRouter: options.requestsPerRouter, next },
      this.nowMs,
    );
    const each = { router: [] as number[], build: [] as number[], receive: [] as number[] };
    let largest = 0;
    for (const router of present) {
      if (helper?.plays(router.identity.id)) continue;
      const before = { router: meter.ms('router'), build: meter.ms('build'), receive: meter.ms('receive') };
      const bytes = contributor.build(router);
      meter.run('router', () => router.send(coordinator, key, bytes));
      // Thousands of routers in one process, each with the announcement in memory, would be nobody's memory in reality.
      router.forget(key);
      largest = Math.max(largest, bytes.length);
      each.build.push(meter.ms('build') - before.build);
      each.router.push(meter.ms('router') - before.router + (meter.ms('build') - before.build));
      each.receive.push(meter.ms('receive') - before.receive);
      helper?.passOn(key);
    }
    const { expected } = contributor;
    if (!helper) {
      return {
        expected,
        figures: {
          router_cpu_ms: median(each.router),
          build_cpu_ms: median(each.build),
          coordinator_contribution_cpu_ms: median(each.receive),
          upload_bytes: largest,
        },
      };
    }
    const { sums, cpuMs } = helper.finishContributions(key);
    expected.merge(sums);
    // The clock of a thread is too coarse for single contributions: means.
    const build = (meter.ms('build') + cpuMs.build) / present.length;
    return {
      expected,
      figures: {
        router_cpu_ms: (meter.ms('router') + cpuMs.router) / present.length + build,
        build_cpu_ms: build,
        coordinator_contribution_cpu_ms: meter.ms('receive') / present.length,
        upload_bytes: largest,
      },
    };
  }

  /** Lets coordinator and members work until nothing more comes of it. */
  private runCommittee(nowMs: number): void {
    const { helper } = this;
    const { coordinator, members } = this.fleet;
    if (!helper) {
      runCommittee(coordinator, members, nowMs);
      return;
    }
    for (let before = -1; before !== coordinator.steps; ) {
      before = coordinator.steps;
      coordinator.tick(nowMs);
      for (const index of helper.members) helper.startWork(index, nowMs);
      members.forEach((member, index) => {
        if (!helper.members.has(index)) member.work(coordinator, nowMs);
      });
      for (const index of helper.members) helper.finishWork(index);
    }
  }
}

const medians = (figures: readonly RoundFigures[]): RoundFigures =>
  Object.fromEntries(
    Object.keys(figures[0]).map((name) => [name, median(figures.map((entry) => entry[name as keyof RoundFigures]))]),
  ) as unknown as RoundFigures;

/** FNV-1a, for the traffic only. */
function seedNumber(seed = String(Date.now())): number {
  let hash = 0x811c9dc5;
  for (const character of seed) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}
