/** Takes a member's report (docs/protocol.md, "Checking and reporting"). */
import { SecaggError, type Signed } from '@secagg/schema';
import { sameBytes } from '../wire/bytes';
import { refuseSecond } from '../evidence/refuse-second';
import { openReport } from '../round/contribution-set';
import { type Step } from '../role';
import { type CoordinatorEvent, type CoordinatorState, roundOf } from './state';
import { accused, nothing } from './committee-words';

/** Takes a member's report. One a member; the identical one again is harmless. Late ones still tell who needs seeds. */
export function receiveReport(state: CoordinatorState, key: string, signed: Signed): Step<CoordinatorEvent> {
  const round = roundOf(state, key);
  if (!round.headersRoot) throw new SecaggError('stale_round', 'the round is not closed yet');
  const report = openReport(state.view, round.verified, round.headersRoot, round.headers.length, signed);
  const held = round.reports.get(report.member);
  if (held) {
    if (sameBytes(held.signed.body, signed.body)) return nothing;
    refuseSecond(
      'report.once',
      round.verified.view,
      { kind: 'two-reports', statements: [held.signed, signed], ...accused(round, report.member) },
      {
        code: 'duplicate',
        message: 'the member has reported otherwise',
        details: { round: round.verified.config.round },
      },
    );
  }
  return { events: [{ type: 'report-received', key, report: signed }], reply: undefined };
}
