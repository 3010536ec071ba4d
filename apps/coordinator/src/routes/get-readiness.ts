import { SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';
import { jsonReply, type Operation } from '../http/operation';

export const getReadiness = ({ journal, store }: Engine, closing: AbortSignal): Operation => ({
  id: 'get-readiness',
  method: 'get',
  path: '/readyz',
  summary: 'Requests can be served: the journal takes writes. An epoch is not needed for that, since members set it up through this service',
  always: true,
  replies: { 200: 'JSON: status, epoch (number or null)', 503: 'not ready' },
  async handle() {
    if (closing.aborted) throw new SecaggError('unavailable', 'shutting down');
    try {
      await store.check();
    } catch {
      throw new SecaggError('unavailable', 'the journal takes no writes');
    }
    return jsonReply({ status: 'ready', epoch: journal.state.epoch?.epoch.epoch ?? null });
  },
});
