/** Crash points of a router-node as a router, and as a committee member (apps/router-node/src/failpoint.ts). */
import { type MemberEvent, type RouterEvent } from '@secagg/protocol';
import { around, type CrashPoint, type Need, type Role } from './crash-point';

/**
 * A quarantine takes rounds of lies to come about, and a return from a backup a backup: what is told of the one, and
 * done for the other, is kept by events like these.
 */
const routerEvents: Readonly<Record<Exclude<RouterEvent['type'], 'quarantine-told' | 'restored'>, Need>> = {
  'fleet-updated': 'fleet',
  'freshness-taken': 'fleet',
  'epoch-seen': 'round',
  'contribution-prepared': 'round',
  'receipt-received': 'round',
  'round-settled': 'round',
};
const memberEvents: Readonly<Record<MemberEvent['type'], Need>> = {
  'fleet-updated': 'fleet',
  'freshness-taken': 'fleet',
  'epoch-seen': 'epoch',
  'seat-made': 'epoch',
  'epoch-body-signed': 'epoch',
  'epoch-erased': 'epoch',
  reported: 'round',
  voted: 'round',
  answered: 'round',
};

const routerWrites: Readonly<Record<string, Need>> = {
  'router/migration': 'birth',
  'observations/migration': 'birth',
  'observations-imported': 'birth',
  'observations-moved': 'birth',
  'router/snapshot': 'round',
  'observations-accepted': 'round',
  'observations-taken': 'round',
  'observations-released': 'round',
  'aggregate-observed': 'observe',
  'decision-kept': 'round',
  'signal-put': 'signal',
  check: 'probe',
};
const memberWrites: Readonly<Record<string, Need>> = { 'committee/migration': 'birth', 'committee/snapshot': 'round' };

/** What is posted to the coordinator, and what is asked of it. */
const routerPosts: Readonly<Record<string, Need>> = { contribution: 'round' };
const memberPosts: Readonly<Record<string, Need>> = {
  seat: 'epoch',
  'epoch-signature': 'epoch',
  report: 'round',
  vote: 'round',
  transfer: 'transfer',
  answer: 'round',
};
const routerAsks: Readonly<Record<string, Need>> = {
  fleet: 'start',
  freshness: 'start',
  'latest-round': 'start',
  'open-round': 'round',
  'round-status': 'round',
  transcript: 'round',
  inclusion: 'round',
};
const memberAsks: Readonly<Record<string, Need>> = { work: 'start', views: 'round' };

/** The node's own HTTP face. */
const operations: Readonly<Record<string, Need>> = {
  'post-observations': 'round',
  'put-signal': 'signal',
  'put-fleet': 'fleet',
  'put-freshness': 'fleet',
  'get-signal': 'probe',
  'get-priors': 'probe',
  'get-history': 'probe',
  'get-status': 'round',
  'get-budget-history': 'probe',
  'get-health': 'probe',
  'get-readiness': 'probe',
  'get-store-readiness': 'probe',
  'get-metrics': 'probe',
};

const points = (role: Role, needs: Readonly<Record<string, Need>>, names: (what: string) => string[]): CrashPoint[] =>
  Object.entries(needs).flatMap(([what, need]) => names(what).map((name) => ({ role, name, need })));
const within = (journal: string) => (event: string) => around(`${journal}/${event}`);
const posting = (what: string) => [`before-send:${what}`, `in-send:${what}`, `after-send:${what}`];
const asking = (what: string) => [`before-send:${what}`, `after-send:${what}`];

export const routerPoints: readonly CrashPoint[] = [
  ...points('router', routerWrites, around),
  ...points('router', routerEvents, within('router')),
  ...points('router', routerPosts, posting),
  ...points('router', routerAsks, asking),
  ...points('router', operations, (operation) => [
    `received:${operation}`,
    `before-reply:${operation}`,
    `after-reply:${operation}`,
  ]),
];

export const memberPoints: readonly CrashPoint[] = [
  ...points('member', memberWrites, around),
  ...points('member', memberEvents, within('committee')),
  ...points('member', { purge: 'epoch' }, () => ['before-durable:purge', 'after-durable:purge']),
  ...points('member', memberPosts, posting),
  ...points('member', memberAsks, asking),
];
