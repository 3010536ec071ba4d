import { comesAbout, eventually, until } from './wait';

it('waits until it holds', async () => {
  let asked = 0;
  await until(() => (asked += 1) === 3);
  await eventually('the fifth', async () => (asked += 1) >= 5);
  expect(asked).toBe(5);
});

it('names what did not come about', async () => {
  await expect(eventually('the end', () => false, 0)).rejects.toThrow('did not come about: the end');
  await expect(until(() => 1 > 2, 0)).rejects.toThrow('1 > 2');
  expect(await comesAbout(() => false, 0)).toBe(false);
});

it('passes on what the condition throws', async () => {
  await expect(
    until(() => {
      throw new Error('broken');
    }),
  ).rejects.toThrow('broken');
});
