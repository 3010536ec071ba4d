import { type World } from '../world';
import { coordinatorTargets } from './coordinator';
import { decoderTargets } from './decoders';
import { jsonTargets } from './json';
import { memberTargets } from './member';
import { proofTargets } from './proofs';
import { routerTargets } from './router';
import { type Target } from './target';
import { transcriptTargets } from './transcripts';

export const createTargets = (world: World): Target[] => [
  ...decoderTargets(world),
  ...jsonTargets(world.fleet.cluster),
  ...coordinatorTargets(world),
  ...routerTargets(world),
  ...memberTargets(world),
  ...transcriptTargets(world),
  ...proofTargets(world),
];
