/** Names of models and tasks: what rounds take of that which waits, and what aliases would change. */
import { nameReportSchema } from '@secagg/client';
import { defineOperation, json, JSON_TYPE, type Operation, type Reply, replyOf } from '@secagg/http';
import { aliasRules } from '../ingest/names/aliases';
import { type Router } from '../participant/router';

const MAX_BODY_BYTES = 8 * 1024 * 1024;
const PATH = '/v1/names';

/** It may name thousands of keys: the thread of the observations has put it into words. */
const reportReply = (body: Uint8Array): Reply => ({ status: 200, type: JSON_TYPE, body });

export const getNames = ({ observations }: Pick<Router, 'observations'>): Operation =>
  defineOperation({
    id: 'get-names',
    method: 'get',
    path: PATH,
    summary: 'Which waiting observations are in the catalogue, which are not, and why',
    replies: { 200: replyOf(json(nameReportSchema), 'By key') },
    handle: async () => reportReply(await observations.names()),
  });

export const postNames = ({ observations }: Pick<Router, 'observations'>): Operation =>
  defineOperation({
    id: 'post-names',
    method: 'post',
    path: PATH,
    summary: 'The same as if what waits were renamed by these aliases; nothing is changed',
    request: [json(aliasRules)],
    replies: { 200: replyOf(json(nameReportSchema), 'By key') },
    handle: async (call) =>
      reportReply(await observations.names({ aliases: new Uint8Array(await call.body(MAX_BODY_BYTES)) })),
  });
