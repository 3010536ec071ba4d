/**
 * Routers whose boxes are of no use to some members: left out when too few can use them, kept with seeds passed on
 * otherwise.
 */
import { sealingSuite, usableThreshold } from '@secagg/crypto';
import { type MemberIndex, type PartyId, type SealedBox, type SubsetMask, transferMessage } from '@secagg/schema';
import { takeTransfers, transferSeeds } from '../src';
import { sealingInfo } from '../src/wire/bindings';
import { boxAad } from '../src/wire/bound-to-round';
import { Liar } from './support/liars';
import { decidedBy, openedBy } from './support/opened';
import { codeOf, committees, quietFleet, random, Scenario, type Work } from './support/scenario';
import { flip, forge, partsOf } from './support/tamper';

type Spoil = (box: SealedBox, scenario: Scenario, member: number) => SealedBox;

const spoils: Record<string, Spoil> = {
  'garbage in them': (box) => ({ ...box, ciphertext: random(box.ciphertext.length) }),
  'nothing in them': () => ({ encapsulation: new Uint8Array(0), ciphertext: new Uint8Array(0) }),
  'an encapsulation of small order': (box) => ({ ...box, encapsulation: new Uint8Array(32) }),
  'seeds other than those committed to': (box, scenario, member) => {
    const { epoch } = scenario.round.verified;
    const suite = sealingSuite(epoch.body.sealing_suite);
    const plaintext = random(box.ciphertext.length - suite.overhead);
    return suite.seal(
      suite.recipient(epoch.body.members[member].kem_key),
      sealingInfo('local'),
      boxAad(scenario.round.verified, scenario.fleet.routers[0].identity.id, member),
      plaintext,
      random,
    );
  },
};

/** Router 0 sends boxes that these members cannot use; the others are honest. */
function start(
  size: number,
  threshold: number,
  members: readonly number[],
  spoil: Spoil = spoils['garbage in them'],
): Scenario {
  const scenario = new Scenario(quietFleet(size, threshold, Math.max(size, 4)));
  const [bad, ...others] = scenario.fleet.routers.slice(0, 4);
  const bytes = forge(scenario.build(bad), bad.identity.secretKey, ({ boxes }) => ({
    boxes: boxes.map((box, i) => (members.includes(i) ? spoil(box, scenario, i) : box)),
  }));
  scenario.fleet.coordinator.contribute(scenario.key, bytes);
  return scenario.contribute(others);
}

function expectKept(scenario: Scenario, kept: boolean): void {
  scenario.expectExactly(scenario.fleet.routers.slice(kept ? 0 : 1, 4));
  const { excluded } = scenario.audit().set;
  expect(excluded).toEqual(kept ? [] : [{ router: 'router-0', reason: 'unusable' }]);
}

describe.each(committees)('a $threshold-of-$size committee', ({ size, threshold }) => {
  const usable = usableThreshold(size, threshold);
  const most = size - usable;
  const first = (count: number) => Array.from({ length: count }, (_, i) => i);

  it.each([...new Set([1, most, most + 1, size])].filter((bad) => bad > 0 && bad <= size))(
    'with %i bad boxes',
    (bad) => {
      const scenario = start(size, threshold, first(bad)).finish();
      expectKept(scenario, bad <= most);
      expect(scenario.round.transfers.size > 0).toBe(bad <= most);
      expect([...scenario.round.reports.values()].filter(({ report }) => (report.usable[0] & 1) === 0)).toHaveLength(
        bad,
      );
    },
  );
});

it.each(Object.keys(spoils))('boxes with %s are reported, whatever is wrong with them', (name) => {
  expectKept(start(4, 2, [2], spoils[name]).finish(), true);
  expectKept(start(4, 2, [1, 2], spoils[name]).finish(), false);
});

it("a box moved from another member, or from another router's contribution, does not open", () => {
  const moved = new Scenario(quietFleet(4, 2, 4));
  const { fleet } = moved;
  const [a, b, ...others] = fleet.routers;
  const original = moved.build(a);
  fleet.coordinator.contribute(moved.key, original);
  // b sends a's ciphertext, commitments and boxes under its own name, so that a's data would count twice.
  fleet.coordinator.contribute(
    moved.key,
    forge(moved.build(b), b.identity.secretKey, ({ header }) => ({ ...partsOf(original), header })),
  );
  moved
    .contribute(others)
    .finish()
    .expectExactly([a, ...others]);

  const exchanged = new Scenario(fleet);
  fleet.coordinator.contribute(
    exchanged.key,
    forge(exchanged.build(a), a.identity.secretKey, ({ boxes: [x, y, ...rest] }) => ({ boxes: [y, x, ...rest] })),
  );
  exchanged.contribute(fleet.routers.slice(1)).finish().expectExactly(fleet.routers.slice(1));
});

it('is kept with a holder away that could not report, as long as enough others can use it', () => {
  // 4-of-10: seven of ten must be able to use a contribution; one box is bad and two members are away.
  const scenario = start(10, 4, [0]);
  expectKept(scenario.finish(scenario.fleet.members.slice(0, 8)), true);
});

describe('a box bad for a member that comes back after the decision', () => {
  it('is made good by the seeds of other holders', () => {
    const scenario = start(4, 2, [0]);
    const [back, ...others] = scenario.fleet.members;
    // Member 3 goes before it answers, so that member 0 is needed for a piece.
    const leaves: Work = {
      work: (coordinator, nowMs) => {
        if (scenario.round.phase !== 'answering') others[2].work(coordinator, nowMs);
      },
    };
    scenario.finish([others[0], others[1], leaves]);
    expect(scenario.round.phase).toBe('answering');
    expectKept(scenario.finish([back, others[0], others[1]]), true);
    expect([...scenario.round.transfers.keys()].every((path) => path.endsWith('>0'))).toBe(true);
  });

  it.each<[string, (seeds: Map<SubsetMask, Uint8Array>) => void]>([
    ['seeds that do not match', (seeds) => seeds.forEach((seed, piece) => seeds.set(piece, flip(seed)))],
    ['seeds too short', (seeds) => seeds.forEach((seed, piece) => seeds.set(piece, seed.subarray(1)))],
  ])('also when holders pass on %s', (_name, spoil) => {
    const scenario = start(7, 3, [0, 1]);
    const { members } = scenario.fleet;
    const liars = members.slice(2, 4).map(
      (member) =>
        new Liar(member, (coordinator) => ({
          takeTransfer: (key, signed) => {
            const { to, boxes } = transferMessage.decode(signed.body);
            const opened = openedBy(scenario, member);
            for (const seeds of opened.seeds) if (seeds) spoil(seeds);
            const routers = boxes.map(({ router }) => router);
            coordinator.takeTransfer(
              key,
              transferSeeds(member.state, opened, decidedBy(scenario, opened), { to, routers }, random),
            );
          },
        })),
    );
    expectKept(scenario.finish([...liars, ...members.slice(0, 2), ...members.slice(4)]), true);
    const receiver = members[0];
    const opened = openedBy(scenario, receiver);
    const { wrong } = takeTransfers(
      receiver.state,
      opened,
      decidedBy(scenario, opened).decision,
      transfersTo(scenario, 0),
    );
    expect(wrong).toEqual(liars.map(({ member }) => member.identity.id));
  });
});

it('a member that reports good boxes as bad keeps nobody out, and is passed only seeds of pieces it holds anyway', () => {
  const scenario = new Scenario(quietFleet(4, 2, 4)).contribute();
  const { fleet } = scenario;
  const liar = new Liar(fleet.members[0], (coordinator, self) => ({
    takeReport: (key, signed) =>
      coordinator.takeReport(
        key,
        self.report(signed, (report) => ({ usable: new Uint8Array(report.usable.length) })),
      ),
    // It says nothing more, so that the seeds stay wanted.
    takeAnswer: () => undefined,
  }));
  scenario.finish([liar, ...fleet.members.slice(1)]).expectExactly(fleet.routers);
  expect([...scenario.round.transfers.keys()].every((path) => path.endsWith('>0'))).toBe(true);
  // Of the four pieces each member lacks one: two members share two.
  for (const signed of transfersTo(scenario, 0)) {
    for (const { box } of transferMessage.decode(signed.body).boxes) expect(box.ciphertext).toHaveLength(2 * 32 + 16);
  }
});

it('seeds are passed on only after a decision, only of decided routers, and to nobody outside the committee', () => {
  const scenario = start(4, 2, [1, 2]).finish();
  const [member] = scenario.fleet.members;
  const opened = openedBy(scenario, member);
  const decided = decidedBy(scenario, opened);
  const pass = (to: number, router: string) =>
    codeOf(() =>
      transferSeeds(member.state, opened, decided, { to: to as MemberIndex, routers: [router as PartyId] }, random),
    );
  expect(pass(1, 'router-1')).toBeUndefined();
  expect(pass(1, 'router-0')).toBe('recovery_failed');
  expect(pass(0, 'router-1')).toBe('no_seat');
  expect(pass(4, 'router-1')).toBe('no_seat');
});

const transfersTo = (scenario: Scenario, member: number) =>
  [...scenario.round.transfers.values()].filter(({ transfer }) => transfer.to === member).map(({ signed }) => signed);
