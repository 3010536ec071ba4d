/** A few hundred requests to real processes; the command sends tens of thousands. */
import { join } from 'node:path';
import { fuzzRoutes, type RouteReport } from '../src/routes/fuzz-routes';
import { createWorld } from '../src/world';

jest.setTimeout(120_000);

it('gets nothing but answers and coded problems from either service', async () => {
  const reports: RouteReport[] = [];
  const findings = await fuzzRoutes(
    createWorld('ci'),
    { seed: 'ci', inputs: 400, from: 0, scripts: join(__dirname, '../../../dist/apps') },
    (report) => reports.push(report),
  );
  expect(findings).toEqual([]);
  expect(reports.map(({ target, inputs }) => [target, inputs])).toEqual([
    ['coordinator routes', 200],
    ['router-node routes', 200],
  ]);
  for (const { refused } of reports) expect(Object.keys(refused).length).toBeGreaterThan(3);
});
