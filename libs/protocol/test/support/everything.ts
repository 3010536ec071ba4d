/**
 * A fleet through all that can happen to it: two epochs, bad boxes, lies, an abort, new documents, an undecided round;
 * settled by all.
 */
import { type LocalFleet, type LocalRouter } from '../../src';
import { Liar } from './liars';
import { distribute, nextDocuments } from './rosters';
import { codeOf, drawGroups, now, random, Scenario } from './scenario';
import { forge } from './tamper';

export const noisyTerms = {
  privacy: { unit: 'request', rho: 0.5, deltaInverse: 1_000_000 },
  minParticipantsPerGroup: 2,
} as const;

const bothUsed = (groups: LocalRouter[][]): boolean => groups.every((group) => group.length >= 2);

export function everything(fleet: LocalFleet): Scenario[] {
  const { coordinator, members, routers } = fleet;
  const [first, ...others] = routers;
  const settleAll = (scenario: Scenario) => {
    for (const router of routers)
      if (router.state.participations.has(scenario.key)) codeOf(() => router.settle(coordinator, scenario.key, now));
    return scenario;
  };

  const opened = settleAll(new Scenario(fleet, noisyTerms).contribute().finish());

  const passedOn = new Scenario(fleet, noisyTerms);
  coordinator.contribute(
    passedOn.key,
    forge(passedOn.build(first), first.identity.secretKey, ({ boxes }) => ({
      boxes: boxes.map((box, i) => (i === 3 ? { ...box, ciphertext: random(80) } : box)),
    })),
  );
  settleAll(passedOn.contribute(others).finish());

  const grouped = settleAll(
    drawGroups(() => new Scenario(fleet, { ...noisyTerms, groups: 2 }), bothUsed)
      .contribute()
      .finish(),
  );

  const liar = new Liar(members[0], (target, self) => ({
    takeReport: (key, signed) =>
      target.takeReport(
        key,
        self.report(signed, ({ usable }) => ({ usable: new Uint8Array(usable.length) })),
      ),
    takeAnswer: () => undefined,
  }));
  const lied = settleAll(new Scenario(fleet, noisyTerms).contribute().finish([liar, ...members.slice(1)]));

  distribute(
    fleet,
    nextDocuments(fleet, {
      revoke: [routers[routers.length - 1].identity.id],
      policy: () => ({ clock_tolerance_ms: 120_000 }),
    }),
  );
  fleet.startEpoch(now);
  const tooFew = settleAll(
    new Scenario(fleet, { ...noisyTerms, minParticipantsPerGroup: 3 }).contribute(routers.slice(0, 2)).finish(),
  );
  const undecided = settleAll(
    new Scenario(fleet, noisyTerms).contribute(routers.slice(0, 3)).finish(members.slice(0, 2)),
  );
  for (const member of members) member.commit({ events: [{ type: 'epoch-erased', epoch: 1 }], reply: undefined });
  const last = settleAll(new Scenario(fleet, noisyTerms).contribute(routers.slice(0, 3)).finish());

  expect([opened, passedOn, grouped, lied, tooFew, undecided, last].map(({ round }) => round.phase)).toEqual([
    'published',
    'published',
    'published',
    'published',
    'aborted',
    'undecided',
    'published',
  ]);
  return [opened, passedOn, grouped, lied, tooFew, undecided, last];
}
