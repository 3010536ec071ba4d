import { journal } from './0001-journal';
import { suspicion } from './0003-suspicion';
import { replicas } from './0004-replicas';
import { epochEntries } from './0006-epoch-entries';
import { emptySignals } from './0007-empty-signals';
import { openRounds } from './0008-open-rounds';
import { restored } from './0005-restored';

/** All migrations in order of version. Released ones never change; new ones are added. */
export const migrations = [journal, suspicion, replicas, restored, epochEntries, emptySignals, openRounds];
