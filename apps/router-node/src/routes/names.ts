/** Names of models and tasks: what rounds take of that which waits, and what aliases would change. */
import { nameReportSchema } from '@secagg/client';
import { defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { withoutNulls } from '@secagg/schema';
import { aliasRules, createAliases, parseAliases } from '../ingest/names/aliases';
import { decodeText, parseJson } from '../observations/parse-batch';
import { type Router } from '../participant/router';

const MAX_BODY_BYTES = 8 * 1024 * 1024;
const PATH = '/v1/names';

export const getNames = ({ names }: Pick<Router, 'names'>): Operation =>
  defineOperation({
    id: 'get-names',
    method: 'get',
    path: PATH,
    summary: 'Which waiting observations are in the catalogue, which are not, and why',
    replies: { 200: replyOf(json(nameReportSchema), 'By key') },
    handle: async () => jsonReply(await names.report()),
  });

export const postNames = ({ names }: Pick<Router, 'names'>): Operation =>
  defineOperation({
    id: 'post-names',
    method: 'post',
    path: PATH,
    summary: 'The same as if what waits were renamed by these aliases; nothing is changed',
    request: [json(aliasRules)],
    replies: { 200: replyOf(json(nameReportSchema), 'By key') },
    async handle(call) {
      const rules = parseAliases(withoutNulls(parseJson(decodeText(await call.body(MAX_BODY_BYTES)), 'the body'), 2));
      return jsonReply(await names.report(createAliases(rules)));
    },
  });
