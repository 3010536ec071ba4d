import { SecaggError } from '@secagg/schema';
import { Polls } from './polls';

const away = new SecaggError('unavailable', 'cannot reach the coordinator', { unreachable: true });
let nowMs = 0;
let polls: Polls;
const reasons = () => polls.problems().map(({ reason }) => reason);
beforeEach(() => {
  nowMs = 0;
  polls = new Polls(15_000, () => nowMs);
});

it('counts as failed until the first success, and then not before three attempts over the time have failed', () => {
  expect(reasons()).toEqual(['coordinator_unreachable']);
  polls.failed('documents', away);
  expect(reasons()).toEqual(['coordinator_unreachable']);
  polls.succeeded('documents');
  expect(reasons()).toEqual([]);

  polls.succeeded('rounds');
  // Quickly one after the other, or one alone for long: neither is enough.
  for (let attempt = 0; attempt < 10; attempt++) polls.failed('rounds', away);
  expect(reasons()).toEqual([]);
  polls.succeeded('rounds');
  polls.failed('rounds', away);
  nowMs += 60_000;
  expect(reasons()).toEqual([]);
  polls.failed('rounds', away);
  polls.failed('rounds', away);
  expect(reasons()).toEqual(['coordinator_unreachable']);
  polls.succeeded('rounds');
  expect(reasons()).toEqual([]);
});

it('judges each poll by itself: an answer to one does not hide that another one fails, and one that is not made counts for nothing', () => {
  polls.succeeded('rounds');
  polls.failed('work', new SecaggError('unknown_party', 'router-1 is not on the roster', { status: 403 }));
  polls.succeeded('rounds');
  expect(reasons()).toEqual(['coordinator_refuses']);
  polls.ended('work');
  expect(reasons()).toEqual([]);
});

it.each([
  ['coordinator_certificate', { unreachable: true, network: 'CERT_HAS_EXPIRED' }],
  ['coordinator_certificate', { unreachable: true, network: 'DEPTH_ZERO_SELF_SIGNED_CERT' }],
  ['coordinator_certificate', { unreachable: true, network: 'ERR_TLS_CERT_ALTNAME_INVALID' }],
  ['coordinator_tls', { unreachable: true, network: 'ERR_SSL_WRONG_VERSION_NUMBER' }],
  ['coordinator_not_secagg', { unreachable: true, network: 'HPE_INVALID_CONSTANT' }],
  ['coordinator_unreachable', { unreachable: true, network: 'ENOTFOUND' }],
  ['coordinator_unreachable', { unreachable: true }],
  ['coordinator_unavailable', { foreign: true, status: 502 }],
  ['coordinator_unavailable', { status: 429 }],
  ['coordinator_refuses', { foreign: true, status: 407 }],
  ['coordinator_not_secagg', { foreign: true, status: 302 }],
])('says %s for %j', (reason, details) => {
  polls.failed('documents', new SecaggError('unavailable', 'x', details));
  expect(reasons()).toEqual([reason]);
});
