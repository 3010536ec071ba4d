import { pino } from 'pino';
import { checkOneDecision } from './one-decision';
import { type Router } from './router';

it('lets a decision be shown again, and no second one on the same round', () => {
  const held = new Map([['c/1', Uint8Array.of(1, 2)]]);
  const logged: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void logged.push(line) });
  const router = { log, store: { decided: { decisionBody: (key: string) => held.get(key) } } } as unknown as Router;
  expect(() => checkOneDecision(router, 'c/1', Uint8Array.of(1, 2))).not.toThrow();
  expect(() => checkOneDecision(router, 'c/2', Uint8Array.of(9))).not.toThrow();
  expect(logged).toEqual([]);
  expect(() => checkOneDecision(router, 'c/1', Uint8Array.of(1, 3))).toThrow(
    expect.objectContaining({ code: 'duplicate' }),
  );
  expect(logged).toHaveLength(1);
});
