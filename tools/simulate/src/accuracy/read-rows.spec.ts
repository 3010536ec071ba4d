import { readRows } from './read-rows';

const header = 'timestamp,model,task,success,context_tokens,generated_tokens,latency_s,cost_usd';

it('finds columns by name and adds up the tokens', () => {
  expect(readRows(`${header}\r\n2023-11-16,m,t,1,374,44,1.7,0.00506\r\n`)).toEqual([
    { model: 'm', task: 't', success: 1, latency_s: 1.7, cost_usd: 0.00506, tokens: 418 },
  ]);
});

it('takes a byte order mark, and True and False', () => {
  const rows = readRows(`\uFEFF${header}\nx,ollama/llama3:8b,t,True,1,1,1.7,0\n`);
  expect(rows).toEqual([
    { model: 'ollama/llama3:8b', task: 't', success: true, latency_s: 1.7, cost_usd: 0, tokens: 2 },
  ]);
});

it('keeps the order of the rows', () => {
  const rows = readRows(
    ['task,model,success,latency_s,cost_usd,context_tokens,generated_tokens', 'b,m,0,1,0,1,1', 'a,m,0,1,0,1,1'].join(
      '\n',
    ),
  );
  expect(rows.map(({ task }) => task)).toEqual(['b', 'a']);
});

it.each([
  ['a success that is neither', 'x,m,t,2,1,1,1,0'],
  ['an empty number, which is not 0', 'x,m,t,1,1,1,,0'],
  ['a column too few', 'x,m,t,1,1,1,1'],
  ['no model', 'x,,t,1,1,1,1,0'],
])('names the line with %s', (_, line) => {
  expect(() => readRows([header, 'x,m,t,1,1,1,1,0', line].join('\n'))).toThrow(/^line 3 /);
});

it('names the column that is missing', () => {
  expect(() => readRows('model,task,success\nm,t,1')).toThrow('latency_s');
});
