import { replayPlot } from './replay-plot';
import { estimate, EPSILONS, type Estimate, type InputReport, type PolicyReport, type ReplayReport } from './report';
import { replayTables } from './tables';

it('gives means with their standard errors, and none of a single value', () => {
  expect(estimate([1, 2, 3, 4])).toEqual({ mean: 2.5, standardError: Math.sqrt(5 / 3) / 2 });
  expect(estimate([2])).toEqual({ mean: 2, standardError: NaN });
});

const of = (mean: number, standardError = 0.001): Estimate => ({ mean, standardError });
const policy = (knows: PolicyReport['knows'], regret: number, others: Partial<PolicyReport> = {}): PolicyReport => ({
  knows,
  regret: of(regret),
  againstLocal: of(regret - 0.08),
  success: of(0.6),
  costPer1000Usd: of(0.5),
  lateRegret: of(regret),
  lateAgainstLocal: of(regret - 0.08),
  newModelRegret: of(regret),
  newModelAgainstLocal: of(regret - 0.08),
  ...others,
});
const input: InputReport = {
  name: 'x <y>',
  coarse: true,
  paired: true,
  rows: 10,
  models: [
    { model: 'a', score: 0.5, costUsd: 0.001 },
    { model: 'b', score: 0.6, costUsd: 0.002 },
  ],
  tasks: 5,
  keys: 10,
  requestsPerKey: 96,
  newModel: 'b',
  policies: [
    policy('oracle', 0),
    policy('always', 0.02, { model: 'b' }),
    policy('local', 0.08),
    ...EPSILONS.map((epsilon) =>
      policy('federated', 0.08 - epsilon / 200, { epsilon, epsilonOfRound: epsilon / 2, countNoise: 20 }),
    ),
    policy('pooled', 0.03),
  ],
};
const report: ReplayReport = {
  checked: true,
  routers: 40,
  lateRouters: 4,
  coldRounds: 1,
  rounds: 6,
  requestsPerRound: 40,
  successWorthUsd: 0.1,
  worlds: 5,
  inputs: [input, { ...input, coarse: false }],
};

it('says in tables by how much less the regret is, with its error', () => {
  const text = replayTables(report);
  expect(text).toContain('### x <y>, coarser tasks');
  expect(text).toContain('| and rounds | 8 | 4.0 | ±20 | 0.0400 ±0.0010 | 0.0400 ±0.0010 |');
  expect(text).toContain('| nothing: always `b` |');
  const single = replayTables({
    ...report,
    inputs: [{ ...input, policies: [policy('local', 0.08, { regret: of(0.08, NaN) })] }],
  });
  expect(single).toContain('| 0.0800 |');
  expect(single).not.toContain('NaN');
});

it('draws three panels for each input, with names escaped', () => {
  const svg = replayPlot(report);
  expect(svg.match(/routers that join late/g)).toHaveLength(2);
  expect(svg).toContain('x &lt;y&gt;');
  expect(svg).not.toContain('NaN');
  expect(
    replayPlot({
      ...report,
      inputs: [{ ...input, policies: input.policies.map((each) => ({ ...each, regret: of(each.regret.mean, NaN) })) }],
    }),
  ).not.toContain('NaN');
});
