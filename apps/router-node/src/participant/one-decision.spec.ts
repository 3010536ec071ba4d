import { type AbortReason, type VoteBody, voteBodyMessage } from '@secagg/schema';
import { pino } from 'pino';
import { checkOneDecision } from './one-decision';
import { type Router } from './router';

const about = {
  v: 1,
  fleet: 'local' as never,
  cluster: 'c'.repeat(16) as never,
  round: 1 as never,
  epoch_hash: new Uint8Array(32),
  config_hash: new Uint8Array(32),
} as const;
const bytes = (body: VoteBody) => voteBodyMessage.encode(body);
const ready = (size: number) =>
  bytes({
    ...about,
    kind: 'ready',
    groups: [{ group: 0, set_root: new Uint8Array(32), size }],
    reports_hash: new Uint8Array(32),
  });
const abort = (reason: AbortReason) => bytes({ ...about, kind: 'abort', reason });

function routerWith(held: Uint8Array) {
  const logged: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void logged.push(line) });
  const decisionBody = (key: string) => (key === 'c/1' ? held : undefined);
  return { router: { log, store: { decided: { decisionBody } } } as unknown as Router, logged };
}

it('lets a decision be shown again, and no second one on the same round', () => {
  const { router, logged } = routerWith(ready(3));
  expect(() => checkOneDecision(router, 'c/1', ready(3))).not.toThrow();
  expect(() => checkOneDecision(router, 'c/2', ready(4))).not.toThrow();
  expect(logged).toEqual([]);
  for (const other of [ready(4), abort('policy')])
    expect(() => checkOneDecision(router, 'c/1', other)).toThrow(expect.objectContaining({ code: 'duplicate' }));
  expect(logged).toHaveLength(2);
});

it('takes an abort for another reason as the same decision', () => {
  const { router, logged } = routerWith(abort('no_valid_proposal'));
  expect(() => checkOneDecision(router, 'c/1', abort('coordinator_restored'))).not.toThrow();
  expect(logged).toEqual([]);
  expect(() => checkOneDecision(router, 'c/1', ready(3))).toThrow(expect.objectContaining({ code: 'duplicate' }));
});
