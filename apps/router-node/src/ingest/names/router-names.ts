/** The names of this router's software, and those of the fleet. */
import { type ObservationStore } from '../../observations/observation-store';
import { type Aliases, createAliases, NO_ALIASES } from './aliases';
import { explainNames, type NameReport } from './explain';
import { createNames, type Names } from './names';

/** What is waiting has the names of the fleet already. */
const NONE = createAliases(NO_ALIASES);

/** `announced`: the catalogue is that of the last round; `planned`: what the coordinator says that the next ones will have. */
export type RouterNameReport = NameReport & { readonly catalogue: 'announced' | 'planned' | null };

export class RouterNames implements Names {
  /** Of the plan that the coordinator tells of: a hint, for showing only. */
  planned: readonly string[] | undefined;
  private readonly names: Names;

  constructor(
    private readonly store: Pick<ObservationStore, 'names'>,
    aliases: Aliases,
    defaultTask: string,
  ) {
    this.names = createNames(aliases, defaultTask);
  }

  of(model: string | null, task: string | undefined): { readonly model: string | null; readonly task: string } {
    return this.names.of(model, task);
  }

  /** @param aliases as if what waits were renamed by them; by default as it is */
  async report(aliases = NONE): Promise<RouterNameReport> {
    const { waiting, catalogue } = await this.store.names();
    const known = catalogue ?? this.planned;
    const kind = catalogue ? 'announced' : this.planned ? 'planned' : null;
    return { catalogue: kind, ...explainNames(waiting, known, aliases) };
  }
}
