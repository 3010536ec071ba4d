/**
 * Corrupt committee members may be routers of the cluster: a round with noise counts them as colluders, whatever the
 * policy was signed with.
 */
import { type ClusterPolicy, openRoundMessage, type PartyId, roundConfigMessage } from '@secagg/schema';
import {
  auditTranscript,
  checkOf,
  clusterTerms,
  corruptCandidates,
  LocalFleet,
  policyTerms,
  signDocument,
  signPolicy,
  verifyAnnouncement,
} from '../src';
import { codeOf, now, random, Scenario } from './support/scenario';

const routerIds = Array.from({ length: 7 }, (_, i) => `router-${i}` as PartyId);
const noise = (assumedColluders?: number) => ({
  privacy: { unit: 'request' as const, rho: 0.5, assumedColluders, deltaInverse: 1_000_000 },
  minParticipantsPerGroup: 4,
});

/**
 * Its policy leaves the colluders to the rounds, as one signed before they were enforced may: it allows rounds without
 * noise, too.
 */
const fleetOf = (cluster: Partial<ClusterPolicy> = {}) =>
  new LocalFleet({
    routers: 7,
    committee: { size: 7, threshold: 3 },
    random,
    nowMs: now,
    cluster: { unsafe_no_noise: true, min_assumed_colluders: 0, ...cluster },
  });

function checkNameOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return checkOf(error);
  }
  return undefined;
}

describe('corrupt candidates among the routers of a cluster', () => {
  it.each([
    ['t-1 where every router of the roster may take part', 3, [], 2],
    ['t-1 where the cluster lists enough candidates', 3, routerIds.slice(0, 5), 2],
    ['as many as the cluster lists, if fewer', 3, routerIds.slice(6), 1],
    ['none where the sets are disjoint', 3, ['other' as PartyId], 0],
    ['none with threshold 1', 1, [], 0],
  ])('are %s', (_name, threshold, members, expected) =>
    expect(corruptCandidates({ candidates: routerIds, threshold }, { members })).toBe(expected),
  );
});

describe('a policy', () => {
  const { authority, cluster } = fleetOf();
  const sign = (terms: Partial<ClusterPolicy>) => {
    const policy = policyTerms({
      issued_at_ms: now,
      clusters: [
        clusterTerms(cluster, {
          min_participants_per_group: 4,
          max_round_rho_units: 1,
          budget_rho_units: 1,
          ...terms,
        }),
      ],
      committee: { candidates: routerIds, size: 7, threshold: 3 },
    });
    signPolicy(authority, policy);
    return policy.clusters[0].min_assumed_colluders;
  };

  it('assumes t-1 unless it says otherwise', () => expect(sign({})).toBe(2));
  it('is not signed with fewer', () => expect(codeOf(() => sign({ min_assumed_colluders: 1 }))).toBe('policy'));
  it('may assume more', () => expect(sign({ min_assumed_colluders: 3 })).toBe(3));
  it('may assume nobody where no candidate is a router of the cluster', () =>
    expect(sign({ members: ['other' as PartyId], min_assumed_colluders: 0 })).toBe(0));
});

describe('a round with noise', () => {
  const fleet = fleetOf();
  const scenario = new Scenario(fleet, noise()).contribute().finish();
  const announcement = signDocument(
    roundConfigMessage,
    'local',
    { ...scenario.config, privacy: { ...scenario.config.privacy, assumed_colluders: 1 } },
    fleet.coordinator.context.identity.secretKey,
  );
  const { epoch } = scenario.round.verified;

  it('assumes t-1 by default, and is published', () => {
    expect(scenario.config.privacy.assumed_colluders).toBe(2);
    expect(scenario.round.phase).toBe('published');
  });

  it('is not announced with fewer', () =>
    expect(checkNameOf(() => new Scenario(fleet, noise(1)))).toBe('policy.colluders'));

  it('is refused by router and member when it assumes fewer', () => {
    const later = new Scenario(fleet, noise());
    const forged = signDocument(
      roundConfigMessage,
      'local',
      { ...later.config, privacy: { ...later.config.privacy, assumed_colluders: 1 } },
      fleet.coordinator.context.identity.secretKey,
    );
    const open = openRoundMessage.encode({ announcement: forged, epoch_certificate: epoch.certificate });
    expect(checkNameOf(() => fleet.routers[0].check(open, now))).toBe('policy.colluders');
    // What a member checks before it reports or votes.
    expect(checkNameOf(() => verifyAnnouncement(fleet.members[0].state.view, epoch, forged))).toBe('policy.colluders');
  });

  it('is refused by an auditor when it assumes fewer', () =>
    expect(
      checkNameOf(() => auditTranscript(fleet.authority.publicKey, { ...scenario.transcript, announcement })),
    ).toBe('policy.colluders'));

  it('may assume nobody where no candidate is a router of the cluster', () => {
    const separate = new LocalFleet({
      routers: 7,
      committee: { size: 3, threshold: 2 },
      random,
      nowMs: now,
      cluster: { members: routerIds.slice(3), min_assumed_colluders: 0 },
    });
    const round = new Scenario(separate, { ...noise(0), minParticipantsPerGroup: 2 });
    expect(round.config.privacy.assumed_colluders).toBe(0);
    expect(round.contribute(separate.routers.slice(3)).finish().round.phase).toBe('published');
  });
});
