import { describe as describeOperations } from './openapi';
import { reportMessage, roundStatusMessage } from '@secagg/schema';
import { z } from 'zod';
import { cbor, json, replyOf, signedCbor } from './content';
import { type Operation } from './operation';
import { clusterParameter, roundParameter, waitParameter } from './parameters';
import { noContent } from './reply';

const params = { cluster: clusterParameter, round: roundParameter };
const operation = (part: Partial<Operation>): Operation => ({
  id: 'x',
  method: 'get',
  path: '/x',
  summary: 's',
  replies: { 204: 'nothing' },
  handle: async () => noContent,
  ...part,
});

it('describes operations of one path together, with their parameters and kinds of body', () => {
  const document = describeOperations('Secagg', [
    operation({
      id: 'a',
      path: '/v1/:cluster/rounds/:round',
      params,
      query: { wait_ms: waitParameter(0) },
      replies: { 200: replyOf(cbor(roundStatusMessage), 'Where it stands'), 404: 'none' },
    }),
    operation({
      id: 'b',
      method: 'post',
      path: '/v1/:cluster/rounds/:round',
      params,
      request: [signedCbor(reportMessage)],
      replies: { 201: replyOf(json(z.object({ x: z.int() })), 'x') },
    }),
  ]) as {
    openapi: string;
    paths: Record<
      string,
      Record<
        string,
        {
          operationId: string;
          parameters: { name: string; in: string; required: boolean }[];
          responses: Record<string, { content?: object }>;
          requestBody?: object;
        }
      >
    >;
  };
  expect(document.openapi).toBe('3.1.0');
  const { get, post } = document.paths['/v1/{cluster}/rounds/{round}'];
  expect(get.parameters.map(({ name, in: where, required }) => `${name} ${where} ${required}`)).toEqual([
    'cluster path true',
    'round path true',
    'wait_ms query false',
  ]);
  expect(Object.keys(get.responses['200'].content ?? {})).toEqual(['application/cbor']);
  expect(Object.keys(get.responses['404'].content ?? {})).toEqual(['application/problem+json']);
  expect(Object.keys(post.responses['201'].content ?? {})).toEqual(['application/json']);
  expect(post.requestBody).toBeDefined();
});
