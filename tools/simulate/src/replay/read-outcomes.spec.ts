import { readOutcomes } from './read-outcomes';

const header = 'prompt,task,model,score,input_tokens,output_tokens,cost_usd';
const good = ['p1,a,m1,1,10,5,0.001', 'p1,a,m2,0,10,9,0.002', 'p2,b,m2,0.5,7,1,0.002', 'p2,b,m1,0,7,2,0.001'];
const paired = (...lines: string[]) => [header, ...lines].join('\n');

const observedHeader = 'timestamp,model,task,success,context_tokens,generated_tokens,latency_s,cost_usd';
const observedRows = [
  'x,m1,a,1,3,4,1.5,0.001',
  'x,m2,a,0,3,4,1.5,0.003',
  'x,m1,b,0,3,4,1.5,0.001',
  'x,m2,b,1,3,4,1.5,0.003',
];
const observed = (...lines: string[]) => [observedHeader, ...lines].join('\n');

describe('paired outcomes', () => {
  it('belong to a prompt, whatever the order of the rows', () => {
    const outcomes = readOutcomes(paired(...good));
    expect(outcomes).toMatchObject({ models: ['m1', 'm2'], tasks: ['a', 'b'], paired: true, rows: 4 });
    expect(outcomes.truth.map((byTask) => byTask.map(({ score }) => score))).toEqual([
      [1, 0],
      [0, 0.5],
    ]);
    expect(outcomes.overall).toEqual([
      { score: 0.5, costUsd: 0.001 },
      { score: 0.25, costUsd: 0.002 },
    ]);
    expect(outcomes.draw(() => 0)).toEqual({
      task: 0,
      outcomes: [expect.objectContaining({ score: 1, tokens: 15 }), expect.objectContaining({ score: 0, tokens: 19 })],
    });
    expect(outcomes.draw(() => 0.99)).toMatchObject({ task: 1, outcomes: [{ score: 0 }, { score: 0.5 }] });
  });

  it('may be found by columns in another order, with a byte order mark and CRLF', () => {
    const text = `\uFEFFcost_usd,model,prompt,task,score,output_tokens,input_tokens\r\n1,m1,p,t,1,1,1\r\n2,m2,p,t,0,1,1\r\n`;
    expect(readOutcomes(text).overall).toEqual([
      { score: 1, costUsd: 1 },
      { score: 0, costUsd: 2 },
    ]);
  });

  it('have tasks that make keys, and scores from 0 on', () => {
    const outcomes = readOutcomes(paired('p,x_Games: Board,m1,-0.03,1,1,1', 'p,x_Games: Board,m2,1,1,1,1'));
    expect(outcomes.tasks).toEqual(['x_Games- Board']);
    expect(outcomes.truth[0][0].score).toBe(0);
  });

  it('may have coarser tasks', () => {
    const rows = [
      'p,x_a,m1,1,1,1,1',
      'p,x_a,m2,0,1,1,1',
      'q,x_b,m1,0,1,1,1',
      'q,x_b,m2,0,1,1,1',
      'r,y,m1,1,1,1,1',
      'r,y,m2,1,1,1,1',
    ];
    expect(readOutcomes(paired(...rows)).tasks).toEqual(['x_a', 'x_b', 'y']);
    const { tasks, truth } = readOutcomes(paired(...rows), { coarse: true });
    expect(tasks).toEqual(['x', 'y']);
    expect(truth[0][0].score).toBe(0.5);
  });

  it.each([
    ['a score that is no number', 'p1,a,m1,good,10,5,0.001', /^line 3 .*score/],
    ['NaN', 'p1,a,m1,NaN,10,5,0.001', /^line 3 .*score/],
    ['infinity', 'p1,a,m1,1,10,5,Infinity', /^line 3 .*cost_usd/],
    ['an empty cell, which is not 0', 'p1,a,m1,,10,5,0.001', /^line 3 .*score/],
    ['a score above 1', 'p1,a,m1,1.01,10,5,0.001', /^line 3 .*score/],
    ['a negative cost', 'p1,a,m1,1,10,5,-1', /^line 3 .*cost_usd/],
    ['a column too few', 'p1,a,m1,1,10,5', /^line 3 .*6 columns instead of 7/],
    ['no prompt', ',a,m1,1,10,5,0.001', /^line 3 .*no prompt/],
    ['no model', 'p1,a,,1,10,5,0.001', /^line 3 .*key/],
    ['a prompt and model twice', 'p2,b,m2,1,10,5,0.001', /^line 3 .*second row of prompt p2 and model m2/],
    ['another task for the same prompt', 'p2,a,m1,1,10,5,0.001', /^line 3 .*another task in line 2/],
  ])('are refused with %s, naming the line', (_, line, message) => {
    expect(() => readOutcomes(paired(good[2], line, ...good.slice(0, 2), good[3]))).toThrow(message);
  });

  it('are refused where a model has not answered a prompt', () => {
    expect(() => readOutcomes(paired(...good.slice(0, 3)))).toThrow(
      'line 4 of the input: prompt p2 has no row of model m1',
    );
  });

  it.each(header.split(',').slice(1))('are refused without the column %s', (name) => {
    const names = header.split(',');
    const without = (line: string) => line.split(',').filter((_, i) => i !== names.indexOf(name));
    expect(() => readOutcomes([header, ...good].map((line) => without(line).join(',')).join('\n'))).toThrow(name);
  });
});

describe('observations', () => {
  it('are drawn by task, and for each model from its rows of that task', () => {
    const outcomes = readOutcomes(observed(...observedRows, 'x,m1,a,0,3,4,1.5,0.001'));
    expect(outcomes).toMatchObject({ models: ['m1', 'm2'], tasks: ['a', 'b'], paired: false, rows: 5 });
    expect(outcomes.truth[0][0]).toEqual({ score: 0.5, costUsd: 0.001 });
    expect(outcomes.draw(() => 0)).toMatchObject({ task: 0, outcomes: [{ score: 1, latencyS: 1.5 }, { score: 0 }] });
    expect(outcomes.draw(() => 0.5).task).toBe(1);
  });

  it.each([
    ['a success that is neither', 'x,m1,a,2,3,4,1,0'],
    ['NaN', 'x,m1,a,1,3,4,NaN,0'],
    ['a column too few', 'x,m1,a,1,3,4,1'],
  ])('are refused with %s, naming the line', (_, line) => {
    expect(() => readOutcomes(observed(...observedRows, line))).toThrow(/^line 6 /);
  });

  it('are refused without a column, and where a model was never tried at a task', () => {
    expect(() => readOutcomes('model,task,success\nm,t,1')).toThrow('latency_s');
    expect(() => readOutcomes(observed(...observedRows.slice(0, 3)))).toThrow('no row of model m2 at task b');
  });
});

it.each([
  ['nothing', ''],
  ['white space', ' \n\n'],
])('an input of %s is refused', (_, text) => {
  expect(() => readOutcomes(text)).toThrow('empty');
});

it.each([header, observedHeader])('an input without rows is refused', (text) => {
  expect(() => readOutcomes(`${text}\n`)).toThrow('no rows');
});

it('an input of one model is refused', () => {
  expect(() => readOutcomes(paired(good[0]))).toThrow('nothing to choose');
});
