/** Reports which contributions this member can use (docs/protocol.md, "Checking and reporting"). */
import { type Report, reportMessage, type Signed } from '@secagg/schema';
import { refuse } from '../checks/check';
import { signDocument } from '../wire/documents';
import { sameBytes } from '../wire/bytes';
import { inRound, roundKey } from '../round/verified-round';
import { type Step } from '../role';
import { type OpenedViews } from './check-views';
import { type MemberEvent, type MemberState } from './state';
import { checkMaySpeak, voteSecret } from './cast-vote';

/** The member's report on what it opened. The same round again gives the stored report; other headers are refused. */
export function report(state: MemberState, opened: OpenedViews): Step<MemberEvent, Signed> {
  const { round, member } = opened;
  const key = roundKey(round.config.cluster, round.config.round);
  const held = state.rounds.get(key)?.report;
  if (held) {
    const same =
      sameBytes(held.report.headers_root, opened.root) && sameBytes(held.report.config_hash, round.configHash);
    if (same) return { events: [], reply: held.signed };
    refuse('report.once', 'bad_proposal', 'another list of contributions was reported on', {
      round: round.config.round,
    });
  }
  checkMaySpeak(state, round);
  const usable = new Uint8Array(Math.ceil(opened.headers.length / 8));
  opened.seeds.forEach((seeds, i) => {
    if (seeds) usable[i >> 3] |= 1 << (i & 7);
  });
  const body: Report = { ...inRound(round), member, headers_root: opened.root, count: opened.headers.length, usable };
  const signed = signDocument(reportMessage, round.config.fleet, body, voteSecret(state, round));
  return { events: [{ type: 'reported', key, epoch: round.config.epoch, report: signed }], reply: signed };
}
