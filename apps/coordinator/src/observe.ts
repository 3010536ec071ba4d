/** Logs and metrics of what happens. Never a value from a contribution, never a secret. */
import { failureFields, logRefusal } from '@secagg/host';
import { asSecaggError } from '@secagg/http';
import { type CoordinatorMetrics } from '@secagg/metrics';
import { type CoordinatorEvent, ofRoundKey, type PublishedResult, type RoundState } from '@secagg/protocol';
import { type SecaggError, voteBodyMessage } from '@secagg/schema';
import { type Logger } from 'pino';
import { type Engine } from './engine';
import { roundKeyOf } from './event-codec';
import { type PutOff } from './rounds/put-off';
import { type FinishedRound } from './store/store';
import { type NewlyNamed } from './suspicion/scores';

export interface Observer {
  problem(problem: SecaggError, cause: unknown, operation: string, counts: boolean): void;
  roundFailed(error: unknown, key: string): void;
  roundRefused(cluster: string, problem: SecaggError, cause: unknown): void;
  /** Warnings of a cluster's configuration, each in words. */
  scheduleDoesNotFit(cluster: string, warnings: readonly string[]): void;
  /** The rounds of an interval are put off, no more, or for another reason. */
  roundsPutOff(cluster: string, found: PutOff | undefined): void;
  roundFinished(record: FinishedRound, round: RoundState, result?: PublishedResult): void;
  /** Scores over rounds name these routers since the last round of the cluster that was published. */
  routersNamed(cluster: string, named: readonly NewlyNamed[]): void;
  epochStarted(epoch: number, why: string): void;
  unexpected(error: unknown): void;
}

interface Observed {
  readonly engine: Engine;
  readonly metrics: CoordinatorMetrics;
  readonly logger: Logger;
  readonly activeRouters: () => number;
}

/** Logs every event but contributions, of which a busy round has hundreds a second. */
export function observe({ engine, metrics, logger, activeRouters }: Observed): Observer {
  engine.journal.onEvent((event, elsewhere) => {
    if (event.type !== 'contribution-accepted') {
      if (event.type === 'restored' && !elsewhere)
        logger.error(
          {
            next_rounds: Object.fromEntries(event.rounds),
            next_round_elsewhere: event.otherRounds,
            epoch: event.epochs,
          },
          'this coordinator was shown an announcement of its own that it knows nothing of: its database was rolled back. Its rounds and epochs go on above these numbers; rounds that were open are dropped',
        );
      logger[elsewhere ? 'debug' : 'info']({ event: event.type, ...roundOf(event), ...describe(event) }, 'event');
    }
  });
  return {
    problem: (problem, cause, operation, counts) => {
      if (counts) metrics.messageRefused(problem.code);
      logRefusal(logger, problem, cause, operation);
    },
    roundFailed: (error, key) => {
      const problem = asSecaggError(error);
      metrics.roundFailed(problem.code);
      logger.error({ ...ofRoundKey(key), ...failureFields(problem, error) }, 'a round cannot go on');
    },
    roundRefused: (cluster, problem, cause) => {
      metrics.roundFailed(problem.code);
      logger.warn({ cluster, ...failureFields(problem, cause) }, 'a round is due and cannot start');
    },
    scheduleDoesNotFit: (cluster, warnings) => {
      for (const warning of warnings)
        logger.warn({ cluster, detail: warning }, 'the rounds of a cluster do not fit the fleet policy');
    },
    roundsPutOff: (cluster, found) => {
      metrics.roundsPutOff(cluster, found?.reason);
      if (!found) return logger.info({ cluster }, 'rounds are not put off any more');
      const { reason, detail, untilMs } = found;
      logger.warn({ cluster, reason, detail, until: new Date(untilMs).toISOString() }, 'rounds are put off');
    },
    roundFinished: (record, round, result) => {
      const about = ofRoundKey(record.key);
      logger.info({ ...about, phase: record.phase, contributions: record.contributions }, 'round is over');
      if (record.phase === 'published') {
        const { min, included } = participation(round, activeRouters());
        if (result?.implausible) {
          metrics.roundImplausible(record.cluster);
          logger.error(
            { ...about, implausible: result.implausible },
            'no honest fleet can have produced this result: nothing of it is published',
          );
        }
        const seconds = (record.finishedAtMs - round.verified.config.round_time_ms) / 1000;
        metrics.roundCompleted(record.cluster, seconds, included, min);
      } else metrics.roundFailed(failureOf(round));
    },
    routersNamed: (cluster, named) => {
      for (const { router, round, quarantinedUntil } of named)
        logger.warn(
          { cluster, router, round, quarantined_until_round: quarantinedUntil },
          'a router is under suspicion of spoiling its groups',
        );
    },
    epochStarted: (epoch, why) => logger.info({ epoch, reason: why }, 'a new epoch is being set up'),
    unexpected: (error) => logger.error({ error }, 'unexpected'),
  };
}

function participation(round: RoundState, active: number): { included: number; min: number } {
  const included = round.proposal?.set.groups.reduce((sum, group) => sum + group.members.length, 0) ?? 0;
  return { included, min: included / Math.max(included, active, 1) };
}

/** Why a round ended without a result, as a problem code. */
function failureOf(round: RoundState): 'insufficient_participants' | 'policy' | 'committee_unavailable' {
  if (round.phase === 'aborted' && round.decision) {
    const body = voteBodyMessage.decode(round.decision.decision.body);
    // Members may have been given other reasons before a restore.
    const reason = round.abortReason ?? (body.kind === 'abort' ? body.reason : undefined);
    if (reason === 'insufficient_participants' || reason === 'policy') return reason;
  }
  return 'committee_unavailable';
}

function roundOf(event: CoordinatorEvent): object {
  const key = roundKeyOf(event);
  return key === undefined ? {} : ofRoundKey(key);
}

function describe(event: CoordinatorEvent): object {
  switch (event.type) {
    case 'epoch-started':
      return { epoch: event.terms.epoch };
    case 'epoch-proposed':
    case 'epoch-signed':
      return { epoch: event.epoch };
    case 'vote-received':
      return { member: event.vote.member };
    case 'abort-proposed':
      return { reason: event.reason };
    default:
      return {};
  }
}
