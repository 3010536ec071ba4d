import { type ProblemCode, problems } from '@secagg/schema';
import { z } from 'zod';

/** The body of every error; other members, such as `party`, `round` and `path`, depend on the code. */
export const problemSchema = z.looseObject({
  type: z.string().describe('urn:secagg:problem: and the code'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
});
