/**
 * The tasks of a cluster that names none: the request types of LiteLLM's adaptive router, so that priors need no
 * mapping there.
 */
export const DEFAULT_TASKS = [
  'code_generation',
  'code_understanding',
  'technical_design',
  'analytical_reasoning',
  'writing',
  'factual_lookup',
  'general',
] as const;
