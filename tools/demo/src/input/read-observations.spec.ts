import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readObservations, splitCsv } from './read-observations';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'secagg-input-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe('observations from files', () => {
  it('takes tokens in and out together, whatever else the rows have and in whatever order', () => {
    const path = file(
      'a.csv',
      'latency_s,model,note,task,success,context_tokens,generated_tokens,cost_usd\r\n1.5,m,"a ""b"", c",t,1,100,20,0.002\r\n\r\n2,m,,t,0,,,\r\n',
    );
    expect(readObservations(path)).toEqual([
      { model: 'm', task: 't', success: true, latency_s: 1.5, quality: undefined, cost_usd: 0.002, tokens: 120 },
      {
        model: 'm',
        task: 't',
        success: false,
        latency_s: 2,
        quality: undefined,
        cost_usd: undefined,
        tokens: undefined,
      },
    ]);
  });

  it('reads one object a line', () => {
    const path = file(
      'a.jsonl',
      '{"model":"m","task":"t","success":true,"latency_s":1,"quality":0.5,"tokens":7}\n\n{"model":"ollama/llama3:8b","task":"u","success":0,"latency_s":0,"quality":null}\n',
    );
    expect(
      readObservations(path).map(({ success, task, quality, tokens }) => ({ success, task, quality, tokens })),
    ).toEqual([
      { success: true, task: 't', quality: 0.5, tokens: 7 },
      { success: false, task: 'u', quality: undefined, tokens: undefined },
    ]);
  });

  it.each([
    ['a.csv', '\uFEFFmodel,task,success,latency_s\nm,t,True,1\nm,t,False,1\n'],
    ['a.csv', 'model,task,success,latency_s\r\nm,t, TRUE ,1\r\nm,t,0.0,1\r\n'],
    [
      'a.jsonl',
      '\uFEFF{"model":"m","task":"t","success":1,"latency_s":1}\n{"model":"m","task":"t","success":false,"latency_s":1}',
    ],
    [
      'a.json',
      '[{"model":"m","task":"t","success":true,"latency_s":1},\n {"model":"m","task":"t","success":0,"latency_s":1}]',
    ],
    [
      'A.JSON',
      '\uFEFF{"model":"m","task":"t","success":true,"latency_s":1}\n{"model":"m","task":"t","success":"False","latency_s":1}\n',
    ],
  ])('reads %s as %j', (name, text) => {
    const rows = readObservations(file(name, text));
    expect(rows.map(({ model, task, success, latency_s }) => ({ model, task, success, latency_s }))).toEqual([
      { model: 'm', task: 't', success: true, latency_s: 1 },
      { model: 'm', task: 't', success: false, latency_s: 1 },
    ]);
  });

  it('reads one object of a .json file', () => {
    const path = file('a.json', '{"model":"m","task":"t","success":true,"latency_s":1}');
    expect(readObservations(path)).toHaveLength(1);
  });

  it.each([
    ['a missing column', 'a.csv', 'model,task,latency_s\nm,t,1\n', 'line 2'],
    ['a row that is too short', 'a.csv', 'model,task,success,latency_s\nm,t,1,1\nm,t\n', 'line 3'],
    ['a success that is neither', 'a.csv', 'model,task,success,latency_s\nm,t,2,1\n', 'line 2'],
    ['no number', 'a.csv', 'model,task,success,latency_s\nm,t,1,fast\n', 'line 2'],
    ['a negative latency', 'a.jsonl', '{"model":"m","task":"t","success":true,"latency_s":-1}', 'line 1'],
    ['no JSON', 'a.jsonl', '{"model":\n', 'line 1'],
    ['a bad row of an array', 'a.json', '[{"model":"m","task":"t","success":true,"latency_s":1},null]', 'row 2'],
    ['no JSON at all', 'a.json', '[{', 'line 1'],
  ])('refuses %s and names the line', (_name, name, text, line) => {
    expect(() => readObservations(file(name, text))).toThrow(line);
  });

  it.each([
    ['a,b,c', ['a', 'b', 'c']],
    [',,', ['', '', '']],
    ['"a,b","c""d",', ['a,b', 'c"d', '']],
    ['', ['']],
  ])('splits %j', (line, values) => expect(splitCsv(line)).toEqual(values));
});
