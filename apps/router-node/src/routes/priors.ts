/** Priors as they stand: at once, at the next change, or at every change. */
import {
  defineOperation,
  events,
  EVENTS_TYPE,
  json as jsonOf,
  JSON_TYPE,
  type Operation,
  replyOf,
  waitParameter,
} from '@secagg/http';
import { type PriorsPack, priorsPackSchema } from '@secagg/priors';
import { modelSchema, SecaggError, taskSchema } from '@secagg/schema';
import { z } from 'zod';
import { type Router } from '../participant/router';
import { type PriorsKeeper } from '../priors/priors-keeper';
import { type Served } from '../priors/served';

/** How often an event stream without news shows that it is alive. */
const ALIVE_MS = 15_000;

const kind = z
  .enum(['private', 'published'])
  .default('private')
  .describe('with the own requests of this router, or from published rounds alone, which may be shown to others');

export const getPriors = ({ priors }: Pick<Router, 'priors'>): Operation =>
  defineOperation({
    id: 'get-priors',
    method: 'get',
    path: '/v1/priors',
    summary: 'What this router believes of each model at each task; with If-None-Match waits for something newer',
    query: {
      kind,
      model: modelSchema.optional().describe('of this model only'),
      task: taskSchema.optional().describe('of this task only'),
      wait_ms: waitParameter(0),
    },
    waits: null,
    replies: {
      200: replyOf(jsonOf(priorsPackSchema), 'The priors, and what is wrong with them'),
      304: 'nothing newer than If-None-Match within the wait',
    },
    async handle({ query: { kind, model, task, wait_ms: waitMs }, headers, signal }) {
      const known = headers['if-none-match'];
      const look = (): Served => servedBy(priors, kind);
      if (priors.current === undefined || look().etag === known) await priors.next(waitMs, signal);
      const { pack, json, etag } = look();
      if (etag === known) return { status: 304, headers: { etag } };
      const filtered = model === undefined && task === undefined ? json() : JSON.stringify(only(pack, model, task));
      return { status: 200, type: JSON_TYPE, body: filtered, headers: { etag } };
    },
  });

function servedBy({ current }: PriorsKeeper, kind: PriorsPack['kind']): Served {
  if (!current) throw new SecaggError('unavailable', 'the priors are being made', { retryAfterS: 1 });
  return current[kind];
}

const only = (pack: PriorsPack, model: string | undefined, task: string | undefined): PriorsPack => ({
  ...pack,
  priors: pack.priors.filter(
    (prior) => (model === undefined || prior.model === model) && (task === undefined || prior.task === task),
  ),
});

export const getPriorEvents = ({ priors }: Pick<Router, 'priors'>): Operation =>
  defineOperation({
    id: 'get-prior-events',
    method: 'get',
    path: '/v1/priors/events',
    summary: 'Server-sent events: `priors` with the entity tag, now and whenever they have been made anew',
    query: { kind },
    waits: null,
    replies: { 200: replyOf(events, 'Events for as long as the caller listens') },
    async handle({ query: { kind }, signal }) {
      return {
        status: 200,
        type: EVENTS_TYPE,
        headers: { 'cache-control': 'no-store' },
        stream: changes(priors, kind, signal),
      };
    },
  });

async function* changes(priors: PriorsKeeper, kind: PriorsPack['kind'], signal: AbortSignal): AsyncIterable<string> {
  let told: string | undefined;
  while (!signal.aborted) {
    const served = priors.current?.[kind];
    if (served && served.etag !== told) {
      told = served.etag;
      const { made_at, expires_at, problems } = served.pack;
      yield `event: priors\nid: ${told}\ndata: ${JSON.stringify({ etag: told, made_at, expires_at, problems })}\n\n`;
    } else yield ': nothing new\n\n';
    await priors.next(ALIVE_MS, signal);
  }
}
