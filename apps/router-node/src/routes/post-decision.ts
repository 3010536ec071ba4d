/** POST /v1/decisions: shows this node what was decided about a round it waits for; the proof speaks for itself, whoever brings it. */
import { decisionProofMessage, SecaggError } from '@secagg/schema';
import express, { type Router as Routes } from 'express';
import { acceptDecision } from '../participant/accept-decision';
import { type Router } from '../participant/router';

const TYPE = 'application/cbor';

export function postDecision(routes: Routes, router: Router): void {
  routes.post(
    '/v1/decisions',
    express.raw({ type: TYPE, limit: decisionProofMessage.maxBytes }),
    (request, response) => {
      if (!request.is(TYPE)) throw new SecaggError('malformed', `the content type is ${TYPE}`);
      response.json(
        acceptDecision(router, request.body instanceof Uint8Array ? new Uint8Array(request.body) : new Uint8Array()),
      );
    },
  );
}
