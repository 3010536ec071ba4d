import { describe } from '../http/openapi';
import { jsonReply, type Operation } from '../http/operation';

/** @param operations all of the service; this one is added */
export function getOpenApi(operations: readonly Operation[]): Operation {
  const operation: Operation = {
    id: 'get-openapi',
    method: 'get',
    path: '/openapi.json',
    summary: 'This description',
    asIs: true,
    replies: { 200: 'JSON' },
    handle: async () => jsonReply(describe([...operations, operation])),
  };
  return operation;
}
