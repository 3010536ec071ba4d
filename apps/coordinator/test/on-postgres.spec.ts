/** Everything that is tested of the service on its own file, once more on PostgreSQL. */
import { TestPostgres, type TestPostgres as Server } from '@secagg/testbed/postgres';
import { useDatabases } from './support/fleet';

const suites = [
  './one-round.spec',
  './outcomes.spec',
  './refusals.spec',
  './budget.spec',
  './plans.spec',
  './fleet-and-epochs.spec',
  './retention.spec',
  './restart.spec',
  './misbehaviour.spec',
  './proofs.spec',
  './scores-crash.spec',
];
const server: Server | undefined = TestPostgres.start();

if (server) {
  useDatabases(() => server.createDatabase());
  describe('on PostgreSQL', () => {
    afterAll(() => server.stop());
    for (const suite of suites) jest.requireActual(suite);
  });
} else {
  console.error('PostgreSQL is not installed: the coordinator is NOT tested on it');
  it.skip('on PostgreSQL: it is not installed', () => undefined);
}
