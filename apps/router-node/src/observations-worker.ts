/** The thread of the observation store (docs/adr/0015). */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { ObservationService } from './observations/observation-service';
import { type ObservationStoreOptions } from './observations/observation-store';
import { serve } from './observations/thread';

await serve(parentPort as MessagePort, () => ObservationService.open(workerData as ObservationStoreOptions));
