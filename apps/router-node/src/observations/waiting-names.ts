/**
 * What of that which waits rounds can take: the catalogue of the last round, or before the first that of the
 * coordinator's plan.
 */
import { withoutNulls } from '@secagg/schema';
import { type Aliases, createAliases, NO_ALIASES, parseAliases } from '../ingest/names/aliases';
import { NameExplainer } from '../ingest/names/explain';
import { type ObservationTables } from '../store/observation-tables';
import { type Step } from './jobs';
import { type NameCounts } from './observation-store';
import { decodeText, parseJson } from '../ingest/json/parse-json';

const KEYS_SHOWN = 10_000;
/** Judged in one step. */
const KEYS_PER_STEP = 100;

/** What is waiting has the names of the fleet already. */
const NONE = createAliases(NO_ALIASES);

export class WaitingNames {
  /** Of the plan that the coordinator tells of: a hint, for showing only. */
  planned: readonly string[] | undefined;

  constructor(private readonly tables: Pick<ObservationTables, 'observations' | 'catalogue'>) {}

  counts(): NameCounts {
    const { observations } = this.tables;
    const { waiting } = observations.counts();
    const kind = this.kind();
    const listed = kind === 'announced' ? observations.waitingUnder('catalogue') : this.waitingOfPlan();
    return { catalogue: kind, listed, unlisted: waiting - listed };
  }

  /**
   * The report in JSON.
   * @param body aliases, as if what waits were renamed by them; by default as it is. Throws `malformed` and `invalid`
   */
  report(body?: Uint8Array): Step<Uint8Array> {
    const aliases = body ? aliasesOf(body) : NONE;
    const kind = this.kind();
    const explainer = new NameExplainer(kind === 'announced' ? this.tables.catalogue.list() : this.planned, aliases);
    const waiting = this.tables.observations.waitingByKey(KEYS_SHOWN);
    return () => {
      for (const [key, count] of waiting.splice(0, KEYS_PER_STEP)) explainer.add(key, count);
      if (waiting.length > 0) return undefined;
      return { done: new Uint8Array(Buffer.from(JSON.stringify({ catalogue: kind, ...explainer.report() }))) };
    };
  }

  private kind(): NameCounts['catalogue'] {
    if (this.tables.catalogue.isKnown) return 'announced';
    return this.planned ? 'planned' : null;
  }

  private waitingOfPlan(): number {
    const planned = new Set(this.planned);
    if (planned.size === 0) return 0;
    const waiting = this.tables.observations.waitingByKey(KEYS_SHOWN);
    return waiting.reduce((sum, [key, count]) => (planned.has(key) ? sum + count : sum), 0);
  }
}

const aliasesOf = (body: Uint8Array): Aliases =>
  createAliases(parseAliases(withoutNulls(parseJson(decodeText(body), 'the body'), 2)));
