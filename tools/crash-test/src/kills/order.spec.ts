import { UnsafeDraw } from '@secagg/testbed/random';
import { type CrashPoint } from '../points';
import { type World } from '../world';
import { type KillOrder, matrixOrders, randomOrders } from './order';

const world = {
  draw: new UnsafeDraw('w'),
  fleet: { kind: 'exact', routers: ['router-0', 'router-1', 'router-2'], members: ['router-0'] },
} as unknown as World;
const point = (role: CrashPoint['role'], name: string, need: CrashPoint['need'] = 'round'): CrashPoint => ({
  role,
  name,
  need,
});

describe('the matrix', () => {
  it('goes through all points, and past those whose processes are busy', () => {
    const orders = matrixOrders(
      [point('coordinator', 'a'), point('coordinator', 'b'), point('member', 'c')],
      () => undefined,
    );
    const busy = new Set<string>();
    const next = () => orders.next(world, busy);
    expect(next()).toMatchObject({ name: 'coordinator', at: { name: 'a' } });
    busy.add('coordinator');
    expect(next()).toMatchObject({ name: 'router-0', at: { name: 'c' } });
    expect(next()).toBeUndefined();
    expect(orders.isDone).toBe(false);
    busy.clear();
    expect(next()).toMatchObject({ at: { name: 'b' } });
    expect(orders.isDone).toBe(true);
  });

  it('comes back to a point that was missed, and gives it up in the end', () => {
    const unreached: CrashPoint[] = [];
    const orders = matrixOrders([point('router', 'a', 'observe')], (each) => unreached.push(each));
    for (let tries = 0; tries < 4; tries++) {
      expect(unreached).toEqual([]);
      const order = orders.next(world, new Set());
      expect(order).toMatchObject({ name: 'router-2' });
      if (order) orders.missed(order);
    }
    expect(orders.isDone).toBe(true);
    expect(unreached.map(({ name }) => name)).toEqual(['a']);
  });
});

describe('random kills', () => {
  const drawn = (seed: string, busyAt: (turn: number) => ReadonlySet<string> = () => new Set()) => {
    const orders = randomOrders(new UnsafeDraw(seed), () => false);
    const given: KillOrder[] = [];
    for (let turn = 0; given.length < 300; turn++) {
      const order = orders.next(world, busyAt(turn));
      if (order) given.push(order);
    }
    return given;
  };

  it('are the same for the same seed, at points and at instants', () => {
    const given = drawn('a');
    expect(drawn('a')).toEqual(given);
    expect(drawn('b')).not.toEqual(given);
    expect(new Set(given.map(({ name }) => name))).toEqual(
      new Set(['coordinator', 'router-0', 'router-1', 'router-2']),
    );
    expect(given.some(({ at }) => at === undefined)).toBe(true);
    expect(given.some(({ gently }) => gently)).toBe(true);
    expect(given.some(({ others }) => others.length === 3)).toBe(true);
    expect(given.some(({ at, occurrence }) => at !== undefined && occurrence > 1)).toBe(true);
  });

  it('do not depend on which processes are busy when, and never are of a busy one', () => {
    const names = ['coordinator', 'router-0', 'router-1', 'router-2'];
    const given = drawn('a', (turn) => new Set(names.filter((_, i) => (turn >> i) % 2 === 1)));
    expect(given).toEqual(drawn('a'));
    const orders = randomOrders(new UnsafeDraw('a'), () => false);
    const { name } = given[0];
    expect(orders.next(world, new Set([name]))).toBeUndefined();
    expect(orders.next(world, new Set(names.filter((other) => other !== name)))?.name).toBe(
      given[0].others.length > 0 ? undefined : name,
    );
  });
});
