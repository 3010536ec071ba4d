import * as fc from 'fast-check';
import { SecaggError } from '../problems';
import {
  compareKeys,
  MAX_KEY_LENGTH,
  modelSchema,
  signalKey,
  signalKeySchema,
  splitSignalKey,
  taskSchema,
} from './key';

const isKey = (key: string): boolean => signalKeySchema.safeParse(key).success;

describe('keys', () => {
  it.each([
    'm:t',
    'llama3:8b:chat',
    'gpt-4-1106-preview:mmlu_human_aging',
    'modèle:tâche',
    'm:: ',
    ':m:t',
    'ollama/llama3:8b:chat',
    '__proto__:t',
    '🦙:t',
  ])('takes %j', (key) => {
    expect(isKey(key)).toBe(true);
  });

  it.each([
    '',
    ':',
    'm',
    'm:',
    ':t',
    'm:t:',
    'm::',
    'm:t\n',
    'm\u0000:t',
    'm:\u007f',
    'm:\u0085',
    'm:\u2028',
    'm:\u202etxt',
    'm:\u2066t',
    'm:\ud800',
    '\udc00:t',
    `m:${'t'.repeat(MAX_KEY_LENGTH - 1)}`,
  ])('refuses %j', (key) => {
    expect(isKey(key)).toBe(false);
    expect(() => splitSignalKey(key)).toThrow(SecaggError);
  });

  it('takes a key of exactly the limit', () => {
    expect(isKey(`m:${'t'.repeat(MAX_KEY_LENGTH - 2)}`)).toBe(true);
  });

  it('splits what it joined, for every model and task that make a key', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(text, text, (model, task) => {
        fc.pre(modelSchema.safeParse(model).success && taskSchema.safeParse(task).success);
        expect(splitSignalKey(signalKey(model, task))).toEqual({ model, task });
      }),
    );
  });

  it('is divided by the last colon', () => {
    expect(splitSignalKey('ollama/llama3:8b:chat')).toEqual({ model: 'ollama/llama3:8b', task: 'chat' });
    expect(signalKey('ollama/llama3:8b', 'chat')).toBe('ollama/llama3:8b:chat');
  });

  it('refuses a task with a colon, which would be split elsewhere', () => {
    expect(() => signalKey('llama3', '8b:chat')).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  it('orders as sort does', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (keys) => {
        expect([...keys].sort(compareKeys)).toEqual([...keys].sort());
      }),
    );
  });
});
