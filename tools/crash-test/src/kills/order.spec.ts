import { UnsafeDraw } from '../draw';
import { type CrashPoint } from '../points';
import { type World } from '../world';
import { matrixOrders, randomOrders } from './order';

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
  it('are the same for the same seed, at points and at instants, and never of a busy process', () => {
    const drawn = (seed: string) => {
      const orders = randomOrders(new UnsafeDraw(seed), () => false);
      return Array.from({ length: 300 }, () => orders.next(world, new Set(['router-1'])));
    };
    const orders = drawn('a');
    expect(drawn('a')).toEqual(orders);
    expect(drawn('b')).not.toEqual(orders);
    const given = orders.flatMap((order) => order ?? []);
    expect(new Set(given.map(({ name }) => name))).toEqual(new Set(['coordinator', 'router-0', 'router-2']));
    expect(given.some(({ at }) => at === undefined)).toBe(true);
    expect(given.some(({ gently }) => gently)).toBe(true);
    expect(given.find(({ others }) => others.length > 0)).toMatchObject({
      others: expect.not.arrayContaining(['router-1']) as string[],
    });
    expect(given.some(({ at, occurrence }) => at !== undefined && occurrence > 1)).toBe(true);
  });
});
