import { defineOperation, type Operation, replyOf, text } from '@secagg/http';
import { type Router } from '../participant/router';

/** @param refreshGauges brings up to date what depends on the time */
export const getMetrics = (
  { metrics, observations }: Pick<Router, 'metrics' | 'observations'>,
  refreshGauges: () => void,
): Operation =>
  defineOperation({
    id: 'get-metrics',
    method: 'get',
    path: '/metrics',
    summary: 'Metrics in the text format of Prometheus',
    replies: { 200: replyOf(text, 'The metrics') },
    async handle() {
      refreshGauges();
      const { catalogue, listed, unlisted } = (await observations.status()).names;
      metrics.observationsWaiting(catalogue === null ? { unknown: listed + unlisted } : { listed, unlisted });
      return { status: 200, type: metrics.contentType, body: await metrics.exposition() };
    },
  });
