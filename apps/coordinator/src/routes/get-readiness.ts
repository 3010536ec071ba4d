import { defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { documentsStatusSchema } from '@secagg/client';
import { documentsReport, epochInForce } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { z } from 'zod';
import { type Engine } from '../engine';

const readinessSchema = z.object({
  status: z.literal('ready'),
  epoch: z.int().nullable(),
  documents: documentsStatusSchema,
});

/** Looking is a write, and anybody may ask: so often it is done at most, and all who ask meanwhile get what it found. */
const LOOK_EVERY_MS = 500;

export function getReadiness({ journal, store, now }: Engine, closing: AbortSignal): Operation {
  let look: { readonly atMs: number; readonly done: Promise<void> } | undefined;
  const writable = (): Promise<void> => {
    if (!look || performance.now() - look.atMs > LOOK_EVERY_MS) look = { atMs: performance.now(), done: store.check() };
    return look.done;
  };
  return readiness(journal, now, writable, closing);
}

const readiness = (
  journal: Engine['journal'],
  now: () => number,
  writable: () => Promise<void>,
  closing: AbortSignal,
): Operation =>
  defineOperation({
    id: 'get-readiness',
    method: 'get',
    path: '/readyz',
    summary:
      'Requests can be served: the journal takes writes. An epoch or a fresh statement of the documents is not needed for that, since both come through this service',
    always: true,
    replies: { 200: replyOf(json(readinessSchema), 'Ready'), 503: 'not ready' },
    async handle() {
      if (closing.aborted) throw new SecaggError('unavailable', 'shutting down');
      try {
        await writable();
      } catch {
        throw new SecaggError('unavailable', 'the journal takes no writes');
      }
      return jsonReply({
        status: 'ready',
        epoch: epochInForce(journal.state, now())?.epoch.epoch ?? null,
        documents: documentsReport(journal.state, now()),
      });
    },
  });
