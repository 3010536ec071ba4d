import { type CoordinatorEvent, type CoordinatorState } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type EventListener, type Journal } from '../journal';
import { followScores } from './follow-scores';

const published = (key: string): CoordinatorEvent => ({ type: 'round-published', key, sums: [] });
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function follow(written: (key: string) => Promise<void>, refresh: (cluster: string) => Promise<void>) {
  const rounds = new Map(['a/1', 'b/7'].map((key) => [key, { verified: { config: { cluster: key.split('/')[0] } } }]));
  let tell: EventListener = () => undefined;
  const journal = {
    state: { rounds, view: { policy: { clusters: [] } } } as unknown as CoordinatorState,
    onEvent: (listener: EventListener) => {
      tell = listener;
    },
  };
  const errors: unknown[] = [];
  const following = followScores(
    { journal: journal as Pick<Journal, 'state' | 'onEvent'> as Journal },
    { written },
    refresh,
    (error) => errors.push(error),
  );
  following.start?.();
  const stop = () => following.stop?.();
  return { tell: (event: CoordinatorEvent, elsewhere: boolean) => tell(event, elsewhere), errors, stop };
}

it('takes over the scores of a cluster when a round of it is published and written, wherever that was', async () => {
  const writing = new Map<string, () => void>();
  const refreshed: string[] = [];
  const { tell, errors, stop } = follow(
    (key) => new Promise((resolve) => writing.set(key, resolve)),
    async (cluster) => void refreshed.push(cluster),
  );
  tell(published('a/1'), true);
  tell(published('b/7'), false);
  tell({ type: 'round-undecided', key: 'a/1' }, true);
  tell(published('c/1'), true);
  await settled();
  expect([...writing.keys()]).toEqual(['a/1', 'b/7']);
  expect(refreshed).toEqual([]);
  writing.get('b/7')?.();
  await settled();
  expect(refreshed).toEqual(['b']);
  writing.get('a/1')?.();
  await settled();
  expect(refreshed).toEqual(['b', 'a']);
  expect(errors).toEqual([]);
  stop();
});

it('leaves a database that is away to the next look, and tells of everything else', async () => {
  let looks = 0;
  const { tell, errors, stop } = follow(
    async () => undefined,
    async () => {
      looks += 1;
      throw looks === 1 ? new SecaggError('unavailable', 'away') : new Error('broken');
    },
  );
  tell(published('a/1'), true);
  await settled();
  expect(errors).toEqual([]);
  tell(published('a/1'), true);
  await settled();
  expect(errors).toEqual([new Error('broken')]);
  stop();
});
