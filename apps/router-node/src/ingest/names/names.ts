/** What the fleet calls a model and a task that this router's software may call otherwise. */
import { type Aliases } from './aliases';

export interface Names {
  /** Null where there is no model. Without a task the default one. */
  of(model: string | null, task: string | undefined): { readonly model: string | null; readonly task: string };
}

export const createNames = (aliases: Aliases, defaultTask: string): Names => ({
  of: (model, task) => ({
    model: model === null ? null : aliases.model(model),
    task: aliases.task(task ?? defaultTask),
  }),
});
