/** The OpenAPI 3.1 document of a list of operations. Bodies are named by their message type: libs/schema defines them. */
import { CBOR_TYPE, JSON_TYPE, type Operation } from './operation';
import { PROBLEM_TYPE } from './problem';

export function describe(operations: readonly Operation[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const path = operation.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method]: describeOne(operation) };
  }
  return { openapi: '3.1.0', info: { title: 'Secagg coordinator', version: '1' }, paths };
}

function describeOne({ id, path, summary, query, request, replies }: Operation): object {
  const parameter = (name: string, where: 'path' | 'query', description?: string) => ({
    name,
    in: where,
    required: where === 'path',
    schema: { type: 'string' },
    ...(description ? { description } : {}),
  });
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => parameter(name, 'path')),
    ...Object.entries(query ?? {}).map(([name, description]) => parameter(name, 'query', description)),
  ];
  return {
    operationId: id,
    summary,
    parameters,
    ...(request ? { requestBody: { required: true, description: request, content: { [CBOR_TYPE]: {} } } } : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(replies).map(([status, description]) => [
          status,
          { description, ...content(Number(status), description) },
        ]),
      ),
      default: { description: 'A problem (RFC 9457)', content: { [PROBLEM_TYPE]: {} } },
    },
  };
}

function content(status: number, description: string): object {
  if (status >= 400) return { content: { [PROBLEM_TYPE]: {} } };
  if (status === 204 || status === 304) return {};
  const type = description.startsWith('JSON') ? JSON_TYPE : description === 'text' ? 'text/plain' : CBOR_TYPE;
  return { content: { [type]: {} } };
}
