import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** What each library may import; the order of the layers is the order of this table. */
const boundaries = [
  { sourceTag: 'lib:schema', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'lib:dp-noise', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'lib:crypto', onlyDependOnLibsWithTags: ['lib:schema'] },
  // Of the engine, pure libraries may import what needs no disk: its index.
  { sourceTag: 'lib:protocol', onlyDependOnLibsWithTags: ['lib:schema', 'lib:crypto', 'lib:dp-noise', 'lib:journal'] },
  { sourceTag: 'lib:metrics', onlyDependOnLibsWithTags: ['lib:schema'] },
  { sourceTag: 'lib:priors', onlyDependOnLibsWithTags: ['lib:schema'] },
  { sourceTag: 'lib:client', onlyDependOnLibsWithTags: ['lib:schema', 'lib:priors'] },
  { sourceTag: 'lib:host', onlyDependOnLibsWithTags: ['lib:schema', 'lib:crypto'] },
  { sourceTag: 'lib:journal', onlyDependOnLibsWithTags: ['lib:schema', 'lib:host'] },
  { sourceTag: 'lib:http', onlyDependOnLibsWithTags: ['lib:schema', 'lib:host'] },
  { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:lib'] },
  { sourceTag: 'type:tool', onlyDependOnLibsWithTags: ['type:lib', 'type:testbed'] },
  { sourceTag: 'type:testbed', onlyDependOnLibsWithTags: ['type:lib', 'type:testbed'] },
  // Programs that run in earnest have nothing of the testbed in them.
  { sourceTag: 'shipped', onlyDependOnLibsWithTags: ['type:lib'] },
];
/** Tests may also use the testbed. */
const testBoundaries = boundaries.map(({ sourceTag, onlyDependOnLibsWithTags }) => ({
  sourceTag,
  onlyDependOnLibsWithTags: [...onlyDependOnLibsWithTags, 'type:testbed'],
}));
const moduleBoundaries = (depConstraints, allow = []) => [
  'error',
  // Every circle through the testbed is one of tests: the programs and libraries themselves may not import it.
  { enforceBuildableLibDependency: false, allow, depConstraints, ignoredCircularDependencies: [['*', 'testbed']] },
];

/**
 * Inside libs/protocol: a role imports shared folders and never another role; a shared folder imports no role; the
 * router alone imports the auditor.
 */
const roles = ['router', 'coordinator', 'member'];
const auditors = { router: ['auditor'] };
const protocolFolder = (folder) => `libs/protocol/src/${folder}/**/*.ts`;
const withoutFolders = (folders, message) => ({
  '@typescript-eslint/no-restricted-imports': [
    'error',
    { patterns: [{ regex: `^\\.(\\.|.*/\\.\\.|(.*/)?(${folders.join('|')}|index)(/.*)?)$`, message }] },
  ],
});
const protocolZones = [
  {
    files: ['libs/protocol/src/*/**/*.ts'],
    ignores: [...roles, 'auditor', 'facade'].map(protocolFolder),
    rules: withoutFolders([...roles, 'auditor', 'facade'], 'a shared folder imports no role and not the auditor'),
  },
  {
    files: [protocolFolder('auditor')],
    rules: withoutFolders([...roles, 'facade'], 'the auditor imports no role'),
  },
  ...roles.map((role) => ({
    files: [protocolFolder(role)],
    rules: withoutFolders(
      [...roles.filter((other) => other !== role), 'facade', 'auditor'].filter(
        (folder) => !auditors[role]?.includes(folder),
      ),
      'a role imports shared folders alone (the router also the auditor)',
    ),
  })),
];

const pureLibraries = ['libs/schema', 'libs/dp-noise', 'libs/crypto', 'libs/protocol', 'libs/priors'];
const impureModules = [
  'http',
  'https',
  'net',
  'tls',
  'fs',
  'fs/promises',
  'os',
  'child_process',
  'worker_threads',
  'timers',
  'timers/promises',
  'process',
]
  .flatMap((name) => [name, `node:${name}`])
  .concat([
    'express',
    'undici',
    'kysely',
    'libsql',
    'pg',
    'pino',
    'prom-client',
    '@secagg/host',
    '@secagg/journal/sqlite',
  ]);

/** Both apps' adversary tests replace modules of the protocol (docs/adr/0031). */
const adversaryDoubles = ['libs/protocol/test/support/(doubles|switched-off)$'];

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '.nx/**',
      'tmp/**',
      'coverage/**',
      'libs/crypto/assembly/**',
      '**/*.generated.ts',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  ...tseslint.configs.recommendedTypeCheckedOnly.map((config) => ({ ...config, files: ['**/*.ts', '**/*.tsx'] })),
  {
    // Rules that need types: no promise is dropped, every case of a union has its branch.
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      // What was caught is passed on as it is.
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
      // An async function without await is how a synchronous store fits an asynchronous interface.
      '@typescript-eslint/require-await': 'off',
      // Parts are handed their functions one by one; they are closures and use no `this`.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // Tests read JSON answers and recorded calls, which have no type until they are compared.
    files: ['**/*.spec.ts', '**/test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        module: 'writable',
        require: 'readonly',
        __dirname: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
      },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': moduleBoundaries(boundaries),
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      eqeqeq: 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.spec.ts', '**/test/**/*.ts'],
    rules: { '@nx/enforce-module-boundaries': moduleBoundaries(testBoundaries, adversaryDoubles) },
  },
  {
    // Pure libraries: time, randomness and storage come in as arguments (docs/adr/0001).
    files: pureLibraries.map((path) => `${path}/src/**/*.ts`),
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: impureModules.map((name) => ({ name, message: 'a pure library: pass it in' })) },
      ],
      'no-restricted-globals': [
        'error',
        'process',
        'fetch',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'performance',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now' },
        { object: 'Math', property: 'random' },
      ],
    },
  },
  ...protocolZones,
);
