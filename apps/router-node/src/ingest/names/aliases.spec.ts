import { createAliases, parseAliases } from './aliases';

const models = (rules: Record<string, string>) => createAliases(parseAliases({ models: rules })).model;

it.each<[string, Record<string, string>, string, string]>([
  ['a name', { 'gpt-4o-2024-11-20': 'gpt-4o' }, 'gpt-4o-2024-11-20', 'gpt-4o'],
  ['what no rule has', { 'gpt-4o-2024-11-20': 'gpt-4o' }, 'gpt-4o-mini', 'gpt-4o-mini'],
  ['a pattern', { 'gpt-4o-2*': 'gpt-4o' }, 'gpt-4o-2024-05-13', 'gpt-4o'],
  ['what a pattern stands for', { 'openai/*': '*' }, 'openai/gpt-4o:free', 'gpt-4o:free'],
  ['the first of several', { '*/*:free': '*-trial' }, 'a/b:free', 'a-trial'],
  ['a name before patterns', { 'm-*': 'n', 'm-1': 'o' }, 'm-1', 'o'],
  ['patterns in their order', { 'a*': 'first', '*': 'second', first: 'first' }, 'ab', 'first'],
  ['once', { 'v/*': '*', x: 'y' }, 'v/x', 'x'],
  ['to itself', { 'm*': 'm' }, 'm', 'm'],
  ['characters that mean something elsewhere', { 'a.b+(c)$1*': '$&-*' }, 'a.b+(c)$1x', '$&-x'],
  ['not what is only like it', { 'a.b': 'c' }, 'axb', 'axb'],
  ['any characters', { 'ü*': 'u' }, 'üλ\n', 'u'],
  ['names that objects inherit', {}, 'constructor', 'constructor'],
])('rename %s', (_, rules, name, expected) => expect(models(rules)(name)).toBe(expected));

it('are of models or of tasks', () => {
  const aliases = createAliases(parseAliases({ models: { a: 'm' }, tasks: { a: 't' } }));
  expect([aliases.model('a'), aliases.task('a')]).toEqual(['m', 't']);
});

it.each([
  [{ model: {} }, ''],
  [{ models: { a: 1 } }, 'models.a'],
  [{ models: { '': 'a' } }, 'models.'],
  [{ models: { a: '' } }, 'models.a'],
  [{ models: { a: '*' } }, 'models'],
  [{ models: { a: 'b', b: 'c' } }, 'models'],
  [{ models: { a: 'b1', 'b*': 'c' } }, 'models'],
  [{ models: { '*': '**' } }, 'models.*'],
  [{ tasks: { '****': 'a' } }, 'tasks.****'],
  [[], ''],
])('refuse %j', (value, path) => {
  expect(() => parseAliases(value)).toThrow(expect.objectContaining({ code: 'invalid', details: { path } }));
});

it('answer soon for a pattern that nearly matches', () => {
  const rename = models({ '*a*a*b': 'x' });
  const name = 'a'.repeat(1024);
  expect(rename(name)).toBe(name);
});
