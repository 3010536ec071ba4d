/** Priors in the forms that other routers take. */
import { DEFAULT_TASKS } from '@secagg/schema';
import { z } from 'zod';
import { type PriorsPack } from './pack';
import { type Prior } from './prior';
import { capped } from './success';

/** Request types of LiteLLM's adaptive router. */
const requestType = z.enum(DEFAULT_TASKS);

/** Mass above which LiteLLM scales evaluation priors down by itself. */
export const LITELLM_MAX_MASS = 50;

const positive = z.number().positive().max(LITELLM_MAX_MASS);
/** What LiteLLM takes as `adaptive_router_config`. */
export const litellmAdaptiveSchema = z.strictObject({
  adaptive_router_config: z.strictObject({
    evaluation_priors: z.array(
      z.strictObject({ request_type: requestType, model: z.string().min(1), successes: positive, failures: positive }),
    ),
    exploration_rate: z.number().min(0).max(1),
  }),
});
export type LitellmAdaptive = z.infer<typeof litellmAdaptiveSchema>;

/** What the semantic router takes as `categories`. */
export const semanticRouterSchema = z.strictObject({
  categories: z.array(
    z.strictObject({
      name: z.string().min(1),
      model_scores: z
        .array(
          z.strictObject({ model: z.string().min(1), score: z.number().min(0).max(1), use_reasoning: z.boolean() }),
        )
        .min(1),
    }),
  ),
});
export type SemanticRouter = z.infer<typeof semanticRouterSchema>;

/** Their category by task of the fleet; a task that is not in it keeps its name. */
export type TaskMapping = Readonly<Record<string, string>>;

export interface Left {
  readonly model: string;
  readonly task: string;
  readonly why: string;
}

export interface Exported<T> {
  readonly file: T;
  /** Priors that are not in it. */
  readonly left: readonly Left[];
}

const RECOMMENDED_EXPLORATION = 0.05;

/** Tasks that share a request type add up. */
export function toLitellm(
  { priors }: Pick<PriorsPack, 'priors'>,
  mapping: TaskMapping = {},
): Exported<LitellmAdaptive> {
  const left: Left[] = [];
  const cells = new Map<
    string,
    { request_type: (typeof DEFAULT_TASKS)[number]; model: string; alpha: number; beta: number }
  >();
  for (const prior of priors) {
    const category = requestType.safeParse(mappedTask(prior.task, mapping));
    const why = whyLeft(prior) ?? (category.success ? undefined : 'the task is no request type of LiteLLM: map it');
    if (why !== undefined || !category.success) {
      left.push({ model: prior.model, task: prior.task, why: why ?? '' });
      continue;
    }
    const id = JSON.stringify([category.data, prior.model]);
    const { alpha = 0, beta = 0 } = cells.get(id) ?? {};
    cells.set(id, {
      request_type: category.data,
      model: prior.model,
      alpha: alpha + prior.success.alpha,
      beta: beta + prior.success.beta,
    });
  }
  const evaluation_priors = [...cells.values()].map(({ request_type, model, ...success }) => {
    const { alpha, beta } = capped(success, LITELLM_MAX_MASS);
    return { request_type, model, successes: alpha, failures: beta };
  });
  const file = { adaptive_router_config: { evaluation_priors, exploration_rate: RECOMMENDED_EXPLORATION } };
  return { file: litellmAdaptiveSchema.parse(file), left };
}

/** Score: the mean quality where there is one, else the chance of success. Tasks that share a category are averaged. */
export function toSemanticRouter(
  { priors }: Pick<PriorsPack, 'priors'>,
  mapping: TaskMapping = {},
): Exported<SemanticRouter> {
  const left: Left[] = [];
  const categories = new Map<string, Map<string, number[]>>();
  for (const prior of priors) {
    const why = whyLeft(prior);
    if (why !== undefined) {
      left.push({ model: prior.model, task: prior.task, why });
      continue;
    }
    const name = mappedTask(prior.task, mapping);
    const models = categories.get(name) ?? new Map<string, number[]>();
    const { alpha, beta } = prior.success;
    const score = prior.quality?.mean ?? alpha / (alpha + beta);
    models.set(prior.model, [...(models.get(prior.model) ?? []), Math.min(1, Math.max(0, score))]);
    categories.set(name, models);
  }
  const file = {
    categories: [...categories].map(([name, models]) => ({
      name,
      model_scores: [...models]
        .map(([model, scores]) => ({
          model,
          score: scores.reduce((sum, score) => sum + score, 0) / scores.length,
          use_reasoning: false,
        }))
        .sort((a, b) => b.score - a.score),
    })),
  };
  return { file: semanticRouterSchema.parse(file), left };
}

const mappedTask = (task: string, mapping: TaskMapping): string =>
  Object.hasOwn(mapping, task) ? mapping[task] : task;

/** What other routers would take for knowledge must be worth something, and be of now. */
const whyLeft = ({ state }: Prior): string | undefined => (state === 'usable' ? undefined : `it is ${state}`);
