/** The OpenAPI 3.1 document of a list of operations, with every parameter and body from its schema. */
import { signedMessage } from '@secagg/schema';
import { z } from 'zod';
import { type Content, type Described, TEXT_TYPE } from './content';
import { defineOperation, type Operation, type Parameters } from './operation';
import { PROBLEM_TYPE } from './problem';
import { jsonReply } from './reply';
import { problemSchema } from './problem-schema';

type Json = Record<string, unknown>;

/** `GET /openapi.json`. @param operations all others of the service */
export function getOpenApi(title: string, operations: readonly Operation[]): Operation {
  const operation: Operation = defineOperation({
    id: 'get-openapi',
    method: 'get',
    path: '/openapi.json',
    summary: 'This description',
    asIs: true,
    replies: { 200: { description: 'OpenAPI 3.1', content: { type: 'application/json' } } },
    handle: async () => jsonReply((document ??= describe(title, [...operations, operation]))),
  });
  let document: object | undefined;
  return operation;
}

export function describe(title: string, operations: readonly Operation[]): object {
  const schemas = new Components();
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const path = operation.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method]: describeOne(operation, schemas) };
  }
  return { openapi: '3.1.0', info: { title, version: '1' }, paths, components: { schemas: schemas.all } };
}

function describeOne({ id, summary, params, query, request, replies }: Operation, schemas: Components): Json {
  return {
    operationId: id,
    summary,
    parameters: [...parameters(params, 'path'), ...parameters(query, 'query')],
    ...(request ? { requestBody: { required: true, content: contentOf(request, schemas) } } : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(replies).map(([status, reply]) => {
          if (typeof reply !== 'string')
            return [status, { description: reply.description, content: contentOf([reply.content], schemas) }];
          return [status, { description: reply, ...(Number(status) >= 400 ? { content: problem(schemas) } : {}) }];
        }),
      ),
      default: { description: 'A problem (RFC 9457)', content: problem(schemas) },
    },
  };
}

const parameters = (schemas: Parameters = {}, where: 'path' | 'query'): Json[] =>
  Object.entries(schemas).map(([name, schema]) => {
    const { description, ...described } = jsonSchemaOf(schema);
    return {
      name,
      in: where,
      required: where === 'path' || !schema.safeParse(undefined).success,
      ...(description === undefined ? {} : { description }),
      schema: described,
    };
  });

const contentOf = (contents: readonly Content[], schemas: Components): Json =>
  Object.fromEntries(contents.map((content) => [content.type, mediaType(content, schemas)]));

function mediaType({ type, message, signed, json }: Content, schemas: Components): Json {
  if (message) return { schema: schemas.refTo(message) };
  if (signed)
    return { schema: { allOf: [schemas.refTo(signedMessage), { properties: { body: encoded(signed, schemas) } }] } };
  if (json) return { schema: jsonSchemaOf(json) };
  return type === TEXT_TYPE ? { schema: { type: 'string' } } : {};
}

const encoded = (message: Described, schemas: Components): Json => ({
  contentMediaType: 'application/cbor',
  contentSchema: schemas.refTo(message),
});

const problem = (schemas: Components): Json => ({
  [PROBLEM_TYPE]: { schema: schemas.refTo({ type: 'problem', schema: problemSchema }) },
});

/** Each message once, by its type. */
class Components {
  readonly all: Record<string, Json> = {};

  refTo({ type, schema }: Described): Json {
    this.all[type] ??= jsonSchemaOf(schema);
    return { $ref: `#/components/schemas/${type}` };
  }
}

/** As what a reader gets: a parameter that is read as an integer is one. */
function jsonSchemaOf(schema: z.ZodType): Json {
  const { $schema: _dialect, ...described } = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }) as Json;
  return described;
}
