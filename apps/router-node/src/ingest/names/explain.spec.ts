import { type Aliases, createAliases, NO_ALIASES, parseAliases } from './aliases';
import { NameExplainer } from './explain';

const explainNames = (
  waiting: readonly (readonly [string, number])[],
  known: readonly string[] | undefined,
  aliases: Aliases,
) => {
  const explainer = new NameExplainer(known, aliases);
  for (const [key, count] of waiting) explainer.add(key, count);
  return explainer.report();
};
const none = createAliases(NO_ALIASES);
const catalogue = ['gpt-4o:chat', 'gpt-4o:code', 'llama3:8b:chat'];
const verdicts = (keys: string[], aliases = none) =>
  Object.fromEntries(
    explainNames(
      keys.map((key) => [key, 1] as const),
      catalogue,
      aliases,
    ).keys.map(({ key, ...rest }) => [key, rest]),
  );

it('tells which keys rounds take, and why not', () => {
  expect(verdicts(['gpt-4o:chat', 'llama3:8b:chat', 'gpt-4o:math', 'llama3:8b:code', 'mistral:chat'])).toEqual({
    'gpt-4o:chat': { waiting: 1, counts_as: 'gpt-4o:chat', verdict: 'listed' },
    'llama3:8b:chat': { waiting: 1, counts_as: 'llama3:8b:chat', verdict: 'listed' },
    'gpt-4o:math': { waiting: 1, counts_as: 'gpt-4o:math', verdict: 'unknown_task' },
    'llama3:8b:code': { waiting: 1, counts_as: 'llama3:8b:code', verdict: 'unknown_pair' },
    'mistral:chat': { waiting: 1, counts_as: 'mistral:chat', verdict: 'unknown_model' },
  });
});

it('judges a key from before the last colon divided', () => {
  expect(verdicts(['m:t:'])['m:t:']).toMatchObject({ verdict: 'no_key' });
});

it('shows what aliases would do', () => {
  const aliases = createAliases(
    parseAliases({ models: { 'gpt-4o-*': 'gpt-4o' }, tasks: { coding: 'code', odd: 'a:b' } }),
  );
  expect(verdicts(['gpt-4o-2024-11-20:coding', 'gpt-4o:odd'], aliases)).toMatchObject({
    'gpt-4o-2024-11-20:coding': { counts_as: 'gpt-4o:code', verdict: 'listed' },
    'gpt-4o:odd': { verdict: 'no_key' },
  });
});

it('names a key that may be meant', () => {
  for (const key of ['openai/GPT-4o:chat', 'gpt-4o-2024-11-20:Chat', 'azure/gpt_4o-latest:chat'])
    expect(verdicts([key])[key]).toMatchObject({ verdict: 'unknown_model', nearest: 'gpt-4o:chat' });
  expect(verdicts(['gpt-4o-mini:chat'])['gpt-4o-mini:chat']).not.toHaveProperty('nearest');
});

it('counts observations, most first, and knows nothing without a catalogue', () => {
  const waiting: [string, number][] = [
    ['x:chat', 5],
    ['gpt-4o:chat', 7],
    ['gpt-4o:code', 5],
  ];
  expect(explainNames(waiting, catalogue, none)).toMatchObject({
    catalogue_known: true,
    listed: 12,
    unlisted: 5,
    keys: [{ key: 'gpt-4o:chat' }, { key: 'gpt-4o:code' }, { key: 'x:chat' }],
  });
  expect(explainNames(waiting, undefined, none)).toMatchObject({
    catalogue_known: false,
    listed: 0,
    unlisted: 17,
    keys: [{ verdict: 'no_catalogue' }, {}, {}],
  });
});
