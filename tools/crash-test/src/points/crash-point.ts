/** A named place in the code of a process at which it can be made to kill itself. */
export type Role = 'coordinator' | 'router' | 'member';

/**
 * What has to happen for a process to come by: `birth` its very first start, `start` any start, `round` an ordinary
 * round, `abort` a round with too few contributions, `undecided` one whose committee is away, `transfer` one with a box
 * that a member cannot open, `observe` one that the router refuses, `epoch` a new epoch, `fleet` a new policy and
 * roster, `signal` a ready-made signal, `probe` somebody who looks at the process.
 */
export type Need =
  | 'birth'
  | 'start'
  | 'round'
  | 'abort'
  | 'undecided'
  | 'transfer'
  | 'observe'
  | 'epoch'
  | 'fleet'
  | 'signal'
  | 'probe';

export interface CrashPoint {
  readonly role: Role;
  /** As the failpoints of the apps have it. */
  readonly name: string;
  readonly need: Need;
}

/** Before, inside and after the transaction of a durable write. */
export const around = (write: string): string[] => [
  `before-durable:${write}`,
  `in-durable:${write}`,
  `after-durable:${write}`,
];
