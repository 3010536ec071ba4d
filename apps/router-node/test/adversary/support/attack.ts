/**
 * Attacks, and how they fail: at a check with a name, behind which there may be another; with all of them taken away,
 * they succeed.
 */
import { Refused, type Siege } from './siege';

/** `quietly`: nobody refuses anything, the attack gains nothing all the same. */
export type Layer = string | { readonly quietly: string };

export const quietly = (check: string): Layer => ({ quietly: check });

export interface Attack {
  /** The checks that stop it, from the first on. */
  readonly layers: readonly Layer[];
  /** Whether it got what it was after. Throws {@link Refused} where somebody refused it. */
  readonly run: (siege: Siege) => Promise<boolean>;
}

interface Outcome {
  readonly succeeded: boolean;
  /** The check of a refusal. */
  readonly refusedAt?: string;
  /** The check that made a member call a box unusable. */
  readonly leftOutAt?: string;
}

const nameOf = (layer: Layer): string => (typeof layer === 'string' ? layer : layer.quietly);

/**
 * Runs the attack with none of its checks taken away, then with one more at a time; expects it to fail at each, and to
 * succeed in the end.
 */
export async function expectLayers(siege: Siege, { layers, run }: Attack): Promise<void> {
  for (let taken = 0; taken <= layers.length; taken++) {
    siege.switchOff(layers.slice(0, taken).map(nameOf));
    const layer = layers.at(taken);
    const outcome = await attempt(siege, run);
    const seen = {
      taken,
      succeeded: outcome.succeeded,
      at: typeof layer === 'object' ? outcome.refusedAt : (outcome.refusedAt ?? outcome.leftOutAt),
    };
    expect(seen).toEqual({ taken, succeeded: layer === undefined, at: typeof layer === 'string' ? layer : undefined });
  }
  siege.switchOff([]);
}

async function attempt(siege: Siege, run: Attack['run']): Promise<Outcome> {
  const from = new Map([...siege.nodes].map(([id, node]) => [id, node.log.length]));
  try {
    if (await run(siege)) return { succeeded: true };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { succeeded: false, refusedAt: error.line.check as string };
  } finally {
    siege.giveUpRounds();
  }
  // What was left out without a refusal has its reason in the log.
  const said = [...siege.nodes]
    .flatMap(([id, node]) => node.log.slice(from.get(id) ?? 0))
    .find(({ msg }) => msg === 'box cannot be used');
  return { succeeded: false, ...(said ? { leftOutAt: said.check as string } : {}) };
}
