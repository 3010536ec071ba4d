/** What anybody may ask costs little, and tells nothing of how busy the store is. */
import { until } from '@secagg/testbed/wait';
import { pino } from 'pino';
import { type Router } from '../participant/router';
import { Readiness } from './readiness';

/** A node whose look at the observations ends when the test says so. */
function node() {
  const looks: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const store = { unlocked: () => Promise.resolve(), check: () => undefined };
  const observations = {
    check: () => new Promise<void>((resolve, reject) => looks.push({ resolve, reject })),
  };
  const router = { store, observations, log: pino({ level: 'silent' }), metrics: { notReady: () => undefined } };
  return { readiness: new Readiness(router as unknown as Router, false), looks };
}
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

it('answers at once, however long the store takes, and looks once for all who ask meanwhile', async () => {
  const { readiness, looks } = node();
  for (let asked = 0; asked < 100; asked++) expect(readiness.storeProblems()).toEqual([]);
  await until(() => looks.length > 0);
  for (let asked = 0; asked < 100; asked++) expect(readiness.storeProblems()).toEqual([]);
  await turn();
  expect(looks).toHaveLength(1);
});

it('says what the look before has found', async () => {
  const { readiness, looks } = node();
  readiness.storeProblems();
  await until(() => looks.length > 0);
  looks[0].reject(new Error('the disk is full'));
  await until(() => readiness.storeProblems().length > 0);
  expect(readiness.storeProblems()).toMatchObject([{ reason: 'store_unwritable' }]);
});
