export * from './check-contribution';
export * from './epochs';
export { evolve as evolveCoordinator } from './evolve';
export * from './plan-round';
export * from './receive-committee';
export * from './rounds';
export * from './state';
export * from './transcript';
export { workFor } from './work';
