/** Whom to kill next, and where. */
import { type UnsafeDraw } from '@secagg/testbed/random';
import { type CrashPoint, crashPoints, type Need } from '../points';
import { rolesOf, type World } from '../world';

export interface KillOrder {
  /** Name of the process. */
  readonly name: string;
  /** Others that go down, and come back, together with it. */
  readonly others: readonly string[];
  /** From now until it is killed at whatever it is doing, in milliseconds. */
  readonly afterMs: number;
  /** It is asked to stop (SIGTERM) instead of being killed. */
  readonly gently: boolean;
  /** Restarted, it then kills itself here, at the `occurrence`-th time. */
  readonly at?: CrashPoint;
  readonly occurrence: number;
}

/** Gives one after the other. Undefined: nothing to do now, or ever. */
export interface Orders {
  next(world: World, busy: ReadonlySet<string>): KillOrder | undefined;
  /** The process did not come by. */
  missed(order: KillOrder): void;
  readonly isDone: boolean;
}

/** What comes about by itself in the rounds of the random part, or is brought about for whoever waits for it. */
const drawable = (kind: string): CrashPoint[] =>
  crashPoints.filter(({ need }) => need !== 'birth' && need !== 'undecided' && (need !== 'signal' || kind !== 'noisy'));

const LONGEST_INSTANT_MS = 1500;
/** Shares of the orders: no named point, a stop in good order, all of the machine at once. */
const INSTANTS = 0.2;
const STOPS = 0.1;
const BLACKOUTS = 0.03;
const MOST_OCCURRENCE = 4;

/** The last router-node is the one that refuses some rounds. */
export const candidates = (world: World, { role, need }: Pick<CrashPoint, 'role' | 'need'>): readonly string[] => {
  const names = rolesOf(world)[role];
  return need === 'observe' ? names.slice(-1) : names;
};

/**
 * The orders of one seed, always in the same sequence: an order waits until all its processes are free, and no later
 * one is given before it. How fast the machine is decides only how many rounds pass meanwhile.
 */
export function randomOrders(draw: UnsafeDraw, isDone: () => boolean): Orders {
  let waiting: KillOrder | undefined;
  return {
    next(world, busy) {
      waiting ??= drawOrder(world, draw);
      if ([waiting.name, ...waiting.others].some((name) => busy.has(name))) return undefined;
      const order = waiting;
      waiting = undefined;
      return order;
    },
    missed: () => undefined,
    get isDone() {
      return isDone();
    },
  };
}

function drawOrder(world: World, draw: UnsafeDraw): KillOrder {
  const point = draw.pick(drawable(world.fleet.kind));
  const name = draw.pick(candidates(world, point));
  const [instant, gently, blackout] = [draw.chance(INSTANTS), draw.chance(STOPS), draw.chance(BLACKOUTS)];
  const afterMs = draw.below(LONGEST_INSTANT_MS);
  const occurrence = draw.chance(0.6) ? 1 : 1 + draw.below(MOST_OCCURRENCE);
  const others = blackout ? ['coordinator', ...world.fleet.routers].filter((other) => other !== name) : [];
  if (instant || blackout) return { name, others, afterMs, gently, occurrence: 1 };
  return { name, others, afterMs, gently, at: point, occurrence: often(point.need) ? occurrence : 1 };
}

/** Needs that a process meets several times in a round. */
const often = (need: Need): boolean => need === 'round';

const TRIES = 4;

/** Every point once. One that is not come by goes to the end of the line, up to four times. */
export function matrixOrders(points: readonly CrashPoint[], onUnreached: (point: CrashPoint) => void): Orders {
  const left = points.map((point) => ({ point, tries: 0 }));
  const under = new Map<CrashPoint, number>();
  return {
    next(world, busy) {
      const index = left.findIndex(({ point }) => candidates(world, point).some((name) => !busy.has(name)));
      if (index < 0) return undefined;
      const [{ point, tries }] = left.splice(index, 1);
      under.set(point, tries + 1);
      const free = candidates(world, point).filter((name) => !busy.has(name));
      return { name: world.draw.pick(free), others: [], afterMs: 0, gently: false, at: point, occurrence: 1 };
    },
    missed({ at }) {
      if (!at) return;
      const tries = under.get(at) ?? 1;
      if (tries < TRIES) left.push({ point: at, tries });
      else onUnreached(at);
    },
    get isDone() {
      return left.length === 0;
    },
  };
}
