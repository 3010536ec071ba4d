/** Entry of the coordinator: signals are caught before anything else is loaded. */
import { StopSignals } from '@secagg/host/stop-signals';

const signals = new StopSignals();
const { run } = await import('./run');
await run(signals);
