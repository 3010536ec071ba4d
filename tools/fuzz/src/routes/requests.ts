/** Requests as no client would send them. */
import { type Bytes } from '@secagg/schema';
import { type UnsafeDraw } from '@secagg/testbed/random';
import { mutateMessage } from '../mutate/message';
import {
  aliases,
  litellmPayload,
  logs,
  mutateJson,
  observation,
  rankRequest,
  score,
  signalOf,
  traces,
} from '../targets/json';

export interface Route {
  readonly method: string;
  /** `:cluster` and `:round` are filled in. */
  readonly path: string;
  readonly query?: readonly string[];
  /** Message types that the body is made from, or a name of `jsonBodies`. */
  readonly body?: readonly string[];
}

const ofRound = (path: string): string => `/v1/clusters/:cluster/rounds/:round${path}`;

export const coordinatorRoutes: readonly Route[] = [
  { method: 'POST', path: ofRound('/contributions'), body: ['contribution-body'] },
  { method: 'GET', path: '/v1/clusters/:cluster/rounds/open', query: ['after=0', 'router=router-0', 'wait_ms=0'] },
  { method: 'GET', path: '/v1/committee/work', query: ['member=member', 'seen=00', 'wait_ms=0'] },
  { method: 'GET', path: '/v1/fleet' },
  { method: 'PUT', path: '/v1/fleet', body: ['fleet-documents'] },
  { method: 'GET', path: '/v1/freshness' },
  { method: 'PUT', path: '/v1/freshness', body: ['freshness-proof'] },
  { method: 'GET', path: '/v1/epochs/current' },
  { method: 'POST', path: '/v1/epochs', body: ['operator-request', 'signed'] },
  { method: 'POST', path: '/v1/clusters/:cluster/rounds', body: ['signed', 'operator-request'] },
  { method: 'GET', path: '/v1/clusters/:cluster/rounds/latest' },
  { method: 'POST', path: '/v1/announcements', body: ['signed', 'round-config'] },
  { method: 'GET', path: ofRound(''), query: ['phase=voting', 'wait_ms=0'] },
  { method: 'GET', path: ofRound('/views'), query: ['member=0'] },
  { method: 'GET', path: ofRound('/transcript') },
  { method: 'GET', path: ofRound('/decision') },
  { method: 'GET', path: ofRound('/inclusion'), query: ['router=router-0'] },
  { method: 'GET', path: '/v1/clusters/:cluster/signal' },
  { method: 'GET', path: '/v1/clusters/:cluster/budget' },
  { method: 'GET', path: '/v1/clusters/:cluster/catalogue' },
  { method: 'GET', path: '/v1/clusters/:cluster/suspicion' },
  { method: 'POST', path: '/v1/committee/seats', body: ['seat', 'signed'] },
  { method: 'POST', path: '/v1/committee/epoch-signatures', body: ['epoch-signature'] },
  { method: 'POST', path: ofRound('/reports'), body: ['report', 'signed'] },
  { method: 'POST', path: ofRound('/votes'), body: ['vote-envelope'] },
  { method: 'POST', path: ofRound('/transfers'), body: ['seed-transfer', 'signed'] },
  { method: 'POST', path: ofRound('/answers'), body: ['answer-body'] },
  { method: 'GET', path: '/v1/evidence' },
  { method: 'GET', path: '/v1/evidence/00112233445566778899aabbccddeeff' },
  { method: 'POST', path: '/v1/evidence', body: ['evidence', 'receipt-not-honoured'] },
  { method: 'GET', path: '/healthz' },
  { method: 'GET', path: '/readyz' },
  { method: 'GET', path: '/readyz/store' },
  { method: 'GET', path: '/metrics' },
  { method: 'GET', path: '/openapi.json' },
];

/** But for `/v1/priors/events`, which never ends. */
export const routerRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/observations', body: ['observations'] },
  { method: 'POST', path: '/v1/ingest/litellm', body: ['litellm'] },
  { method: 'POST', path: '/v1/traces', body: ['traces'] },
  { method: 'POST', path: '/v1/logs', body: ['logs'] },
  { method: 'POST', path: '/v1/scores', body: ['scores'] },
  { method: 'GET', path: '/v1/names' },
  { method: 'POST', path: '/v1/names', body: ['names'] },
  { method: 'PUT', path: '/v1/fleet', body: ['fleet-documents'] },
  { method: 'PUT', path: '/v1/freshness', body: ['freshness-proof'] },
  { method: 'PUT', path: '/v1/signal', body: ['signal'] },
  { method: 'GET', path: '/v1/signal' },
  { method: 'GET', path: '/v1/priors', query: ['kind=published', 'model=m', 'task=t', 'wait_ms=0'] },
  { method: 'GET', path: '/v1/history', query: ['model=m', 'task=t', 'limit=10'] },
  { method: 'POST', path: '/v1/rank', body: ['rank'] },
  { method: 'GET', path: '/v1/status' },
  { method: 'GET', path: '/v1/budget/history', query: ['limit=10', 'before=5'] },
  { method: 'GET', path: ofRound('/decision') },
  { method: 'POST', path: '/v1/decisions', body: ['decision-proof'] },
  { method: 'GET', path: '/v1/evidence' },
  { method: 'GET', path: '/v1/evidence/receipt-not-honoured/:cluster/:round' },
  { method: 'GET', path: '/v1/evidence/two-announcements/coordinator/1' },
  { method: 'GET', path: '/healthz' },
  { method: 'GET', path: '/readyz' },
  { method: 'GET', path: '/readyz/store' },
  { method: 'GET', path: '/metrics' },
  { method: 'GET', path: '/openapi.json' },
];

export interface Subjects {
  readonly cluster: string;
  readonly round: number;
  readonly seeds: (type: string) => readonly Bytes[];
}

const VALUES = [
  '',
  '0',
  '-1',
  '1',
  '00',
  '1e3',
  '9007199254740991',
  '9007199254740992',
  '99999999999999999',
  'null',
  'nobody',
  '__proto__',
  'constructor',
  '%00',
  '%ff',
  '%',
  '%2e%2e',
  'é',
  'a'.repeat(3000),
  '0x10',
  ' 1',
  '1%0d%0aX: y',
];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'];
const TYPES = [
  'application/cbor',
  'application/json',
  'application/x-ndjson',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  'application/json; charset=nonsense',
  ';;;',
  '',
];
const HEADERS = [
  'Content-Encoding: gzip',
  'Content-Encoding: br',
  'Content-Encoding: deflate',
  'Content-Encoding: nonsense',
  'Expect: 100-continue',
  'If-None-Match: "x"',
  'Idempotency-Key: a',
  'Idempotency-Key:',
  `Idempotency-Key: ${'k'.repeat(300)}`,
  'Idempotency-Key: \u00e9',
  'Accept: nothing/here',
  'X-Forwarded-For: 1.2.3.4',
  'Range: bytes=0-1',
  'Upgrade: websocket',
  'Connection: upgrade',
  'Transfer-Encoding: identity',
];

/** One request as it goes over the connection, and whether its sender stops before its end. */
export interface RawRequest {
  readonly bytes: Bytes;
  readonly cut: boolean;
}

export function makeRequest(routes: readonly Route[], subjects: Subjects, draw: UnsafeDraw): RawRequest {
  const route = draw.pick(routes);
  const method = draw.chance(0.1) ? draw.pick(METHODS) : route.method;
  const body = draw.chance(route.body ? 0.95 : 0.1)
    ? bodyOf(route.body ?? ['signed'], subjects, draw)
    : new Uint8Array();
  const headers = [`Host: 127.0.0.1`, 'Connection: close'];
  const isJson = route.body?.some((type) => Object.hasOwn(jsonBodies, type)) ?? false;
  const type = draw.chance(0.15)
    ? draw.pick(TYPES)
    : isJson
      ? draw.pick(['application/json', 'application/json', 'application/x-ndjson'])
      : 'application/cbor';
  headers.push(`Content-Type: ${type}`);
  if (draw.chance(0.15)) headers.push(draw.pick(HEADERS));
  const framing = draw.below(40);
  let sent: Bytes = body;
  if (framing === 0)
    headers.push(`Content-Length: ${draw.pick(['-1', 'abc', '1e3', '99999999999999999999', '+5', '0x10', ''])}`);
  else if (framing === 1) headers.push(`Content-Length: ${body.length + 1 + draw.below(10_000)}`);
  else if (framing === 2) headers.push(`Content-Length: ${draw.pick([2 ** 31, 2 ** 40, 600 * 2 ** 20])}`);
  else if (framing === 3) headers.push(`Content-Length: ${draw.below(body.length + 1)}`);
  else if (framing === 4) headers.push('Transfer-Encoding: chunked', `Content-Length: ${body.length}`);
  else if (framing === 5) {
    headers.push('Transfer-Encoding: chunked');
    sent = Buffer.concat([Buffer.from(`${draw.pick(['zz', 'ffffffff', '-1', String(body.length)])}\r\n`), body]);
  } else if (framing < 10) {
    headers.push('Transfer-Encoding: chunked');
    sent = Buffer.concat([
      Buffer.from(`${body.length.toString(16)}\r\n`),
      body,
      Buffer.from(body.length > 0 ? '\r\n0\r\n\r\n' : '\r\n'),
    ]);
  } else if (body.length > 0 || method !== 'GET') headers.push(`Content-Length: ${body.length}`);
  const bytes = Buffer.concat([
    Buffer.from(`${method} ${targetOf(route, subjects, draw)} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`, 'latin1'),
    sent,
  ]);
  const cut = draw.chance(0.03);
  return {
    bytes: cut ? bytes.subarray(0, draw.below(bytes.length)) : bytes,
    cut: cut || framing <= 2 || framing === 5,
  };
}

function targetOf(route: Route, { cluster, round }: Subjects, draw: UnsafeDraw): string {
  const value = (usual: string) => (draw.chance(0.1) ? draw.pick(VALUES) : usual);
  let path = route.path.replace(':cluster', value(cluster)).replace(':round', value(String(round)));
  if (draw.chance(0.05))
    path += draw.pick([
      '/',
      '//',
      '/..',
      '/%2e%2e',
      '/x',
      ';a=b',
      '?',
      '?=&&=',
      '?%',
      `?${'a=b&'.repeat(2000)}`,
      '#x',
      '\\',
    ]);
  const query = (route.query ?? [])
    .filter(() => draw.chance(0.85))
    .map((pair) => (draw.chance(0.25) ? `${pair.split('=')[0]}=${draw.pick(VALUES)}` : pair));
  if (draw.chance(0.05))
    query.push(draw.pick(['a[b]=c', 'member[]=1', 'limit=1&limit=2', '__proto__[x]=1', 'wait_ms=0&wait_ms=1']));
  // Nothing is to wait: that is tested where waiting is.
  if (query.length > 0 && route.query?.includes('wait_ms=0') && !query.some((pair) => pair.startsWith('wait_ms')))
    query.push('wait_ms=0');
  else if (query.length === 0 && route.query?.includes('wait_ms=0')) query.push('wait_ms=0');
  const pairs = query.filter((pair) => !(pair.startsWith('wait_ms=') && Number(pair.slice(8)) > 0));
  if (route.query?.includes('wait_ms=0') && pairs.every((pair) => !pair.startsWith('wait_ms'))) pairs.push('wait_ms=0');
  return (pairs.length > 0 ? `${path}${path.includes('?') ? '&' : '?'}${pairs.join('&')}` : path).replaceAll(
    ' ',
    '%20',
  );
}

const jsonBodies: Readonly<Record<string, (subjects: Subjects) => object>> = {
  observations: () => observation,
  litellm: () => litellmPayload,
  traces: () => traces,
  logs: () => logs,
  scores: () => score,
  names: () => aliases,
  rank: () => rankRequest,
  signal: ({ cluster }) => signalOf(cluster),
};

function bodyOf(types: readonly string[], subjects: Subjects, draw: UnsafeDraw): Bytes {
  if (draw.chance(0.003)) return new Uint8Array(draw.pick([5, 18, 34]) * 2 ** 20);
  const type = draw.pick(types);
  if (Object.hasOwn(jsonBodies, type)) {
    const row = mutateJson(jsonBodies[type](subjects), draw);
    const text = Buffer.from(row).toString('utf8');
    const many = draw.pick([`[${text}]`, `[${text},${text}]`, `${text}\n${text}`, text, text]);
    return draw.chance(0.2) ? new TextEncoder().encode(many) : row;
  }
  const seeds = subjects.seeds(type);
  return draw.chance(0.05) ? draw.pick(seeds) : mutateMessage(draw.pick(seeds), draw, seeds);
}
