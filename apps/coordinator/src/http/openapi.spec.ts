import { describe as describeOperations } from './openapi';
import { noContent, type Operation } from './operation';

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
  const document = describeOperations([
    operation({
      id: 'a',
      path: '/v1/:cluster/rounds/:round',
      query: { wait_ms: 'longest wait' },
      replies: { 200: 'round-status', 404: 'none' },
    }),
    operation({
      id: 'b',
      method: 'post',
      path: '/v1/:cluster/rounds/:round',
      request: 'signed report',
      replies: { 201: 'JSON: x' },
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
