import { type Part, startParts } from './parts';

/** Parts that note what is done to them. */
function noting(names: readonly string[], failing: readonly string[] = []) {
  const done: string[] = [];
  const note = (what: string) => async () => {
    await Promise.resolve();
    done.push(what);
    if (failing.includes(what)) throw new Error(what);
  };
  const parts = names.map((name): Part => ({ name, start: note(`start ${name}`), stop: note(`stop ${name}`) }));
  return { parts, done };
}

it('starts in order and stops in reverse, once', async () => {
  const { parts, done } = noting(['a', 'b', 'c']);
  const stop = await startParts(parts);
  expect(done.splice(0)).toEqual(['start a', 'start b', 'start c']);
  await Promise.all([stop(), stop()]);
  await stop();
  expect(done).toEqual(['stop c', 'stop b', 'stop a']);
});

it('stops what has started when a start fails, and throws what failed', async () => {
  const { parts, done } = noting(['a', 'b', 'c', 'd'], ['start c', 'stop b']);
  await expect(startParts(parts)).rejects.toThrow('start c');
  expect(done).toEqual(['start a', 'start b', 'start c', 'stop b', 'stop a']);
});

it('stops the others after one has failed to stop', async () => {
  const { parts, done } = noting(['a', 'b', 'c'], ['stop c', 'stop b']);
  const stop = await startParts(parts);
  await expect(stop()).rejects.toThrow('stop c');
  expect(done.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
});

it('takes parts that only start or only stop', async () => {
  const done: string[] = [];
  const stop = await startParts([
    { name: 'a', stop: () => done.push('stop a') },
    { name: 'b', start: () => done.push('start b') },
  ]);
  await stop();
  expect(done).toEqual(['start b', 'stop a']);
});
