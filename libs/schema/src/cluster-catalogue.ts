/**
 * What a coordinator tells of the plan of a cluster, as JSON and not signed: what a round takes stands in its own
 * announcement.
 */
import { z } from 'zod';
import { roundLayoutSchema } from './layout';
import { clusterHash } from './messages/fields';

export const clusterCatalogueSchema = z.looseObject({
  cluster: clusterHash,
  keys: roundLayoutSchema.shape.keys,
  fields: roundLayoutSchema.shape.fields,
});
export type ClusterCatalogue = z.infer<typeof clusterCatalogueSchema>;
