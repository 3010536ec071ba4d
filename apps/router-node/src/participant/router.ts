/** The parts of a taking-part router; see participant.ts for how they work together. */
import { type RouterState } from '@secagg/protocol';
import { type Standing } from '../fleet/standing';
import { type Node } from '../node';
import { type ObservationStore } from '../observations/observation-store';
import { type ValueLog } from '../ingest/values/value-log';
import { type PriorsKeeper } from '../priors/priors-keeper';
import { type RouterStore } from '../store/router-store';
import { type DataReleases } from './data-releases';

export interface Router extends Node {
  readonly store: RouterStore;
  readonly observations: ObservationStore;
  readonly releases: DataReleases;
  readonly standing: Standing;
  /** What has become of reported values. */
  readonly values: ValueLog;
  readonly priors: PriorsKeeper;
}

/** Throws `unavailable` before the fleet documents are known. */
export function stateOf({ store }: Pick<Router, 'store'>): RouterState {
  return store.journal.state;
}
