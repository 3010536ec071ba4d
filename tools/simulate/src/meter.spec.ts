import { CpuMeter, median } from './meter';

/** A process whose CPU clock stands still except when work is done. */
function fakeCpu(): { spend: (microseconds: number) => void } {
  let user = 1000;
  jest.spyOn(process, 'cpuUsage').mockImplementation(() => ({ user, system: 500 }));
  return {
    spend: (microseconds) => {
      user += microseconds;
    },
  };
}

afterEach(() => jest.restoreAllMocks());

describe('CPU meter', () => {
  it('charges the innermost role, and nobody between', () => {
    const cpu = fakeCpu();
    const meter = new CpuMeter();
    cpu.spend(7000);
    meter.run('router', () => {
      cpu.spend(1000);
      meter.run('coordinator', () => cpu.spend(20_000));
      cpu.spend(300);
    });
    cpu.spend(9000);
    expect(meter.ms('router')).toBe(1.3);
    expect(meter.ms('coordinator')).toBe(20);
    expect(meter.ms('auditor')).toBe(0);
  });

  it('charges work that fails', () => {
    const cpu = fakeCpu();
    const meter = new CpuMeter();
    const failing = () =>
      meter.run('auditor', () => {
        cpu.spend(2000);
        throw new Error('no');
      });
    expect(failing).toThrow('no');
    cpu.spend(5000);
    meter.run('router', () => cpu.spend(1000));
    expect(meter.ms('auditor')).toBe(2);
    expect(meter.ms('router')).toBe(1);
  });

  it('meters methods of one object, with their arguments, result and state', () => {
    const cpu = fakeCpu();
    const meter = new CpuMeter();
    class Adder {
      total = 0;
      add(amount: number): number {
        cpu.spend(1000 * amount);
        this.total += amount;
        return this.total;
      }
    }
    const metered = new Adder();
    const other = new Adder();
    meter.attach('receive', metered, 'add');
    metered.add(2);
    expect(metered.add(3)).toBe(5);
    other.add(100);
    expect(meter.ms('receive')).toBe(5);
    meter.reset();
    expect(meter.ms('receive')).toBe(0);
  });
});

it.each([
  [[3], 3],
  [[4, 1], 2.5],
  [[9, 1, 5], 5],
  [[4, 3, 2, 1], 2.5],
])('the median of %p is %p', (values, expected) => {
  expect(median(values)).toBe(expected);
});
