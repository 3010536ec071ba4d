/** A fleet with an open round, in which every router sends a vector that tells it from the others. */
import { randomBytes } from 'node:crypto';
import { defaultFields, type RandomBytes, type RoundConfig, SecaggError, type Transcript } from '@secagg/schema';
import {
  type AuditedRound,
  auditTranscript,
  groupOf,
  LocalFleet,
  type LocalCoordinator,
  type LocalFleetOptions,
  type LocalRouter,
  type RoundPlan,
  roundOf,
  type RoundState,
} from '../../src';

export const now = Date.UTC(2026, 0, 1);
export const random: RandomBytes = (length) => new Uint8Array(randomBytes(length));

/** The code a call is refused with; undefined when it is not. */
export function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof SecaggError) return error.code;
    throw error;
  }
  return undefined;
}

type Plan = Omit<RoundPlan, 'round' | 'cluster'>;

export const plan: Plan = {
  keys: ['m:a', 'm:b'],
  fields: defaultFields(),
  maxRequestsPerRouter: 1000,
  minParticipantsPerGroup: 2,
  maxParticipants: 64,
  groups: 1,
  privacy: { unit: 'request', rho: 'unsafe-none', assumedColluders: 0, deltaInverse: 1_000_000 },
  sendDelayMs: 0,
  durationMs: 1000,
};

/** Without noise, so that sums can be compared exactly. */
export const quietFleet = (
  size: number,
  threshold: number,
  routers: number,
  options: Partial<LocalFleetOptions> = {},
): LocalFleet =>
  new LocalFleet({
    routers,
    committee: { size, threshold },
    random,
    nowMs: now,
    ...options,
    cluster: { unsafe_no_noise: true, ...options.cluster },
    limits: { unsafeNoNoise: true, ...options.limits },
  });

export interface Work {
  work(coordinator: LocalCoordinator, nowMs: number): void;
}

export class Scenario {
  readonly key: string;
  readonly config: RoundConfig;
  readonly closeMs: number;

  constructor(
    readonly fleet: LocalFleet,
    changes: Partial<Plan> = {},
    readonly openMs = now,
  ) {
    if (!fleet.coordinator.state.epoch) fleet.startEpoch(openMs);
    const terms = { ...plan, ...changes };
    ({ key: this.key, config: this.config } = fleet.announce(terms, openMs));
    this.closeMs = openMs + terms.durationMs;
  }

  get round(): RoundState {
    return roundOf(this.fleet.coordinator.state, this.key);
  }

  get dimension(): number {
    return this.round.verified.dimension;
  }

  /** Coordinate i of router r's vector: no sum of some of these is the sum of others. */
  vectorOf(router: LocalRouter): Float64Array {
    const index = this.fleet.routers.indexOf(router);
    return Float64Array.from({ length: this.dimension }, (_, i) => 2 ** index * (i % 2 === 0 ? 1 : -1));
  }

  build(router: LocalRouter): Uint8Array {
    return router.contribution(this.fleet.coordinator, this.key, this.vectorOf(router), this.openMs);
  }

  /** These routers contribute; all unless said otherwise. */
  contribute(routers: readonly LocalRouter[] = this.fleet.routers): this {
    for (const router of routers) router.send(this.fleet.coordinator, this.key, this.build(router));
    return this;
  }

  /** Lets time pass after the close, with these members at work, until the round is over or has been given up. */
  finish(members: readonly Work[] = this.fleet.members): this {
    const { coordinator } = this.fleet;
    for (const second of this.seconds) {
      if (this.isOver) return this;
      const at = this.closeMs + 1000 * second;
      for (let before = -1; before !== coordinator.steps; ) {
        before = coordinator.steps;
        coordinator.tick(at);
        for (const member of members) member.work(coordinator, at);
      }
    }
    return this;
  }

  // A dozen turns of the members, then past the time at which an undecided round is given up.
  private readonly seconds = [...Array(12).keys(), 60];

  get isOver(): boolean {
    return ['published', 'aborted', 'undecided'].includes(this.round.phase);
  }

  get transcript(): Transcript {
    return this.fleet.coordinator.transcript(this.key);
  }

  audit(): Extract<AuditedRound, { kind: 'opened' }> {
    const audited = auditTranscript(this.fleet.authority.publicKey, this.transcript);
    if (audited.kind !== 'opened') throw new Error('the round was aborted');
    return audited;
  }

  /** Fails unless the round was published, audits, and its sums are those of exactly these routers, group by group. */
  expectExactly(routers: readonly LocalRouter[]): void {
    expect(this.round.phase).toBe('published');
    const audited = this.audit();
    const opened = new Set(
      audited.set.groups.flatMap((group) => group.members.map((entry) => entry.header.router as string)),
    );
    expect([...opened].sort()).toEqual(routers.map((router) => router.identity.id as string).sort());
    for (const { group, members } of audited.set.groups) {
      const inGroup = new Set(members.map((entry) => entry.header.router));
      const expected = new Float64Array(this.dimension);
      for (const router of routers)
        if (inGroup.has(router.identity.id)) this.vectorOf(router).forEach((value, i) => (expected[i] += value));
      expect(audited.sums.find((sum) => sum.group === group)?.values).toEqual(expected);
    }
  }
}

/** Works only while the round is in one of these phases. */
export const presentIn = (scenario: Scenario, member: Work, ...phases: RoundState['phase'][]): Work => ({
  work: (coordinator, nowMs) => {
    if (phases.includes(scenario.round.phase)) member.work(coordinator, nowMs);
  },
});

/** The committees the software is meant for, with how many members may be absent. */
export const committees = [
  { size: 1, threshold: 1, absent: 0 },
  { size: 3, threshold: 2, absent: 0 },
  { size: 4, threshold: 2, absent: 1 },
  { size: 7, threshold: 3, absent: 2 },
  { size: 10, threshold: 4, absent: 3 },
] as const;

/** These routers by the group that the round puts them in. */
export function inGroups({ config }: Scenario, routers: readonly LocalRouter[]): LocalRouter[][] {
  const groups: LocalRouter[][] = Array.from({ length: config.groups }, () => []);
  for (const router of routers) groups[groupOf(config, router.identity.id)].push(router);
  return groups;
}

/** Announces rounds until one is as wanted: who is in which group is drawn anew in each. */
export function drawGroups(
  announce: () => Scenario,
  wanted: (groups: LocalRouter[][]) => boolean,
  routers?: readonly LocalRouter[],
): Scenario {
  for (;;) {
    const scenario = announce();
    if (wanted(inGroups(scenario, routers ?? scenario.fleet.routers))) return scenario;
  }
}
