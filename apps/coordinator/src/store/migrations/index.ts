import { journal } from './0001-journal';
import { replicas } from './0004-replicas';

/** All migrations in order of version. Released ones never change; new ones are added. */
export const migrations = [journal, replicas];
