/** Epochs are kept as long as something needs them, and their number neither slows nor stops the coordinator. */
import { type PartyId } from '@secagg/schema';
import { releaseEpochs, startEpoch } from '../src';
import { now, quietFleet } from './support/scenario';

it('releases epochs that are over, in steps, and never the one in force', () => {
  const fleet = quietFleet(4, 2, 4);
  const { coordinator } = fleet;
  const { state } = coordinator;
  fleet.startEpoch(now);
  const inForce = state.epoch?.body.epoch as number;
  const release = (): number => coordinator.commit(releaseEpochs(state)).length;
  expect(release()).toBe(0);
  for (let i = 0; i < 1000; i++) coordinator.commit(startEpoch(state, 86_400_000, now));
  let released = 0;
  for (let step = release(); step > 0; step = release()) {
    expect(step).toBeLessThanOrEqual(256);
    released += step;
  }
  expect(released).toBe(1000 - 64);
  expect(state.epochs.has(inForce)).toBe(true);
  expect(state.epoch?.body.epoch).toBe(inForce);
  expect(coordinator.commit(startEpoch(state, 86_400_000, now)).epoch).toBe(inForce + 1001);
});

it('finds the newest among more epochs than a call takes arguments', () => {
  const { coordinator } = quietFleet(4, 2, 4);
  const { state } = coordinator;
  const { reply: terms } = startEpoch(state, 86_400_000, now);
  for (let epoch = 1; epoch <= 200_000; epoch++)
    state.epochs.set(epoch, { terms: { ...terms, epoch }, seats: new Map(), members: [], signatures: new Map() });
  expect(startEpoch(state, 86_400_000, now).reply.epoch).toBe(200_001);
  expect(() => coordinator.work('router-0' as PartyId, now)).not.toThrow();
});
