/** Which waiting observations rounds can take, which not, and why: before a round has shown it. */
import { compareKeys, joinKey, signalKeySchema, splitSignalKey } from '@secagg/schema';
import { type Aliases } from './aliases';

export type NameVerdict = 'listed' | 'unknown_model' | 'unknown_task' | 'unknown_pair' | 'no_catalogue' | 'no_key';

export interface NamedKey {
  readonly key: string;
  readonly waiting: number;
  /** Key that it counts under by the aliases. */
  readonly counts_as: string;
  readonly verdict: NameVerdict;
  /** A key of the catalogue that may be meant. */
  readonly nearest?: string;
}

export interface NameReport {
  readonly catalogue_known: boolean;
  /** Observations whose key rounds take, and all others. */
  readonly listed: number;
  readonly unlisted: number;
  /** Most waiting first. */
  readonly keys: readonly NamedKey[];
}

/** Judges one key after the other: a router may have thousands, and patterns of aliases take their time. */
export class NameExplainer {
  private readonly known: KnownNames | undefined;
  private readonly keys: NamedKey[] = [];

  /** @param catalogue of the cluster; undefined before it is known */
  constructor(
    catalogue: readonly string[] | undefined,
    private readonly aliases: Aliases,
  ) {
    this.known = catalogue && new KnownNames(catalogue);
  }

  /** @param waiting observations of the key */
  add(key: string, waiting: number): void {
    this.keys.push({ key, waiting, ...judge(key, this.known, this.aliases) });
  }

  report(): NameReport {
    const keys = [...this.keys].sort((a, b) => b.waiting - a.waiting || compareKeys(a.key, b.key));
    const total = (wanted: boolean) =>
      keys.filter(({ verdict }) => (verdict === 'listed') === wanted).reduce((sum, { waiting }) => sum + waiting, 0);
    return { catalogue_known: this.known !== undefined, listed: total(true), unlisted: total(false), keys };
  }
}

function judge(key: string, known: KnownNames | undefined, aliases: Aliases): Omit<NamedKey, 'key' | 'waiting'> {
  if (!signalKeySchema.safeParse(key).success) return { counts_as: key, verdict: 'no_key' };
  const { model, task } = splitSignalKey(key);
  const [ownModel, ownTask] = [aliases.model(model), aliases.task(task)];
  const name = joinKey(ownModel, ownTask);
  if (ownTask.includes(':')) return { counts_as: name, verdict: 'no_key' };
  if (!known) return { counts_as: name, verdict: 'no_catalogue' };
  if (known.keys.has(name)) return { counts_as: name, verdict: 'listed' };
  const nearest = known.nearest(ownModel, ownTask);
  return { counts_as: name, verdict: known.verdict(ownModel, ownTask), ...(nearest === undefined ? {} : { nearest }) };
}

class KnownNames {
  readonly keys: ReadonlySet<string>;
  private readonly models: ReadonlySet<string>;
  private readonly tasks: ReadonlySet<string>;
  private readonly bySketch: ReadonlyMap<string, string>;

  constructor(catalogue: readonly string[]) {
    const parts = catalogue.map(splitSignalKey);
    this.keys = new Set(catalogue);
    this.models = new Set(parts.map(({ model }) => model));
    this.tasks = new Set(parts.map(({ task }) => task));
    this.bySketch = new Map(parts.map(({ model, task }, i) => [joinKey(sketch(model), sketch(task)), catalogue[i]]));
  }

  verdict(model: string, task: string): NameVerdict {
    if (!this.models.has(model)) return 'unknown_model';
    return this.tasks.has(task) ? 'unknown_pair' : 'unknown_task';
  }

  nearest(model: string, task: string): string | undefined {
    return this.bySketch.get(joinKey(sketch(model), sketch(task)));
  }
}

/**
 * What names of one model have in common that different systems write: no vendor in front, no date behind, no case, no
 * punctuation.
 */
const sketch = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/[-@:]?(20\d\d-?\d\d-?\d\d|latest)$/, '')
    .replace(/[^\p{L}\p{N}]/gu, '');
