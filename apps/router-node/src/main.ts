/**
 * Entry of the sidecar of one router, and a committee member when it has that role: signals are caught before anything
 * else is loaded.
 */
import { StopSignals } from '@secagg/host/stop-signals';

const signals = new StopSignals();
const { run } = await import('./run');
await run(signals);
