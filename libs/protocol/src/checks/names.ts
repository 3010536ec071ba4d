/**
 * The checks that stand between a cheat and what it is after, each under a name (docs/threat-model.md says which attack
 * each one stops).
 */

/**
 * Name of each check, and what it makes sure of. Refusals carry the name as `check`; like problem codes, names stay as
 * they are.
 */
export const checks = {
  // Fleet documents
  'fleet.newest': 'policy and roster are the newest known, or were when the round was announced',
  'fleet.current': 'policy and roster have not ended',
  'fleet.fresh': 'a statement that is not too old names them as the current ones',
  // An epoch
  'epoch.committee': "size, threshold, candidates and sealing suite are the policy's",
  'epoch.lifetime': 'it lasts no longer than the policy allows, and has not ended',
  'epoch.distinct_keys': 'no two members have the same key',
  'epoch.signed_by_all': 'every member signed the list of all keys',
  'epoch.own_keys': 'a member signs a list only with the very keys of its seat in it',
  'epoch.one_list': 'a member signs one list an epoch',
  'epoch.newer': 'a seat is taken only in an epoch above all that are known',
  'epoch.not_older': 'a router answers no epoch below the highest it has seen',
  'seat.secrets': 'the secrets of the seat are here: they are in no backup',
  // An announcement
  'round.signed': 'the coordinator of the roster signed the announcement',
  'round.epoch': 'it names the epoch that is shown with it',
  'round.times': 'its times are in order, near the clock of who takes part, and within its epoch',
  'round.since_restored': 'a router that comes back from a backup sits out the rounds it may have answered',
  'round.once': 'a party takes part once under a round number, and numbers only grow',
  'policy.protocol': 'protocol version and suite are allowed',
  'policy.delta': 'epsilon is reported at a delta the policy allows',
  'policy.privacy_unit': 'the privacy unit is allowed',
  'policy.min_participants': 'a group needs as many participants as the policy asks for',
  'policy.groups': 'it has no more groups than allowed, and enough for its combination',
  'policy.colluders':
    'as many colluders are assumed as the policy asks for and as committee members may be corrupt routers, and an honest router is left',
  'policy.capacity': 'its numbers of participants fit each other',
  'policy.word_width': 'sums cannot wrap around',
  'policy.clip_norm': 'the declared norm covers what one router or request can send',
  'policy.noise': 'it has noise',
  'policy.noise_floor': 'its noise costs no more privacy than the policy allows',
  // A party's own limits, on top of the policy
  'limits.privacy_unit': "the privacy unit is this router's",
  'limits.honest_quorum': 'enough honest routers are left in a group',
  'limits.noise': 'it has noise',
  'limits.round_cost': 'it costs no more privacy than this party allows',
  'limits.budget': 'the ledger of this router has room for it',
  'limits.request': 'a request that comes back enters another round only with what is left of its limit',
  'ledger.once': 'the ledger charges a round once, and rounds in order',
  // A contribution
  'header.certificate': 'the router is on the roster, with a certificate valid at the round time',
  'header.signature': 'the router signed it',
  'header.cluster': 'the router is a member of the cluster',
  'header.round': 'made for this round',
  'header.epoch': 'made for this epoch',
  'header.config': 'made for this configuration of the round',
  'header.group': 'in the group that the round assigns',
  'header.digests': 'boxes, commitments and ciphertext are those of the signed header',
  'headers.order': 'each router is there once, and there are no more than the words were made for',
  'headers.closing': 'the coordinator signed that the round closed with the contributions that are shown',
  'box.bound': 'a box opens only under the router, round, epoch and member it was sealed for',
  'box.commitments': 'the seeds of a box are those the router committed to, in this round and under its name',
  'pad.bound': 'keystreams are those of one router in one round',
  'timing.poll': 'the next poll leaves before a contribution is prepared, so that it does not tell how long that takes',
  'timing.slot': 'a contribution leaves at the time that the router chose when it saw the round, or not at all',
  // Reports, votes, decisions
  'report.signed': 'a member of the epoch signed it, about this round',
  'report.headers': 'it is about the contributions that were shown',
  'report.once': 'a member reports once a round',
  'proposal.signed': 'the coordinator signed it, about this round, with reports of distinct members',
  'set.usable': 'min(m, 2t-1) members can use a contribution: t honest ones hold its seeds',
  'set.false_reports': 'up to t-1 members that report everything as bad leave nothing out',
  'set.min_participants': 'a group below its minimum is left out',
  'set.min_groups': 'more than half of the groups reach their minimum',
  'vote.signed': 'a member of the epoch signed the vote, about this round',
  'vote.once': 'a member votes once a round, whatever is proposed',
  'abort.signed': 'the coordinator signed that it wants this round aborted',
  'vote.undivided': 'members are asked to abort only while they can, and vote ready where they can do that',
  'decision.quorum':
    'a quorum of distinct members signed the identical bytes, or for an abort the same but for the reason',
  'decision.set': 'what was decided is what follows from headers and reports',
  'decision.kind': 'an abort is an abort, and a set to open is one',
  // Answers and results
  'answer.one_decision': 'a member opens one set a round',
  'answer.signed': 'a member of the epoch signed it, about this decision',
  'answer.once': 'a member answers a decision in one way',
  'answer.words': "the words of a piece are those of the member's own signed hash",
  'piece.agreed': 't holders signed the same hash of a piece',
  'transfer.commitments': 'seeds passed on after the decision are those the router committed to',
  'sum.recomputed': 'the published sum is the sum of ciphertexts less the pieces',
  'transcript.same_round': 'what was published is the round that was answered',
  'receipt.honoured': 'a contribution with a receipt is among the contributions of the round',
  // Answers that nobody signs
  'hint.retried': 'what is not signed moves no number, ends no wait and stops no retry',
  // Standing
  'standing.notice': 'the coordinator signed that it refuses this router, in this round',
  'standing.quarantine': 'the router is not in quarantine in this cluster',
  'standing.excluded': 'the party is not excluded for proven misbehaviour',
} as const;

export type CheckName = keyof typeof checks;
