/** Keeps a fleet busy: rounds one after the other, and whatever else those wait for that are to die. */
import { type Killer } from './kills/killer';
import { type Need } from './points';
import { renewEpoch, renewFleet } from './rounds/operator';
import { playRound, type RoundKind } from './rounds/play-round';
import { probe } from './rounds/probe';
import { type World } from './world';

const roundFor: Partial<Record<Need, RoundKind>> = {
  abort: 'abort',
  transfer: 'transfer',
  observe: 'observe',
  signal: 'signal',
  undecided: 'undecided',
};
/** Share of the rounds of a kind that nobody waits for. */
const VARIETY = 0.15;

export async function direct(world: World, killer: Killer): Promise<void> {
  while (!killer.isDone && world.problems.length === 0) {
    const wanted = killer.wanted();
    if (wanted.has('probe') || world.draw.chance(VARIETY)) await probe(world);
    if (wanted.has('epoch') || world.draw.chance(VARIETY / 3)) await renewEpoch(world);
    if (wanted.has('fleet') || world.draw.chance(VARIETY / 3)) await renewFleet(world);
    await playRound(world, chooseRound(world, wanted));
  }
}

function chooseRound({ fleet, draw }: World, wanted: ReadonlySet<Need>): RoundKind {
  const kinds = [...wanted].flatMap((need) => roundFor[need] ?? []);
  if (kinds.length > 0 && (draw.chance(0.7) || !wanted.has('round'))) return draw.pick(kinds);
  // What dies in a round that comes to nothing has less to lose.
  if (wanted.has('round') || !draw.chance(VARIETY)) return 'ordinary';
  return draw.pick<RoundKind>(['abort', 'transfer', 'observe', fleet.kind === 'noisy' ? 'ordinary' : 'signal']);
}
