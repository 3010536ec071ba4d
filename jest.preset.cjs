// Shared by every project's jest.config.cjs. Own preset: `@nx/jest/preset` names ts-jest, which TypeScript 6 does not suit.
const { join } = require('node:path');

module.exports = {
  testEnvironment: 'node',
  resolver: '@nx/jest/plugins/resolver',
  testMatch: ['**/src/**/*.spec.ts', '**/test/**/*.spec.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
  transform: {
    '^.+\\.(ts|m?js)$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022', transform: {} },
        module: { type: 'commonjs' },
        swcrc: false,
      },
    ],
  },
  // These packages ship ES modules only; jest runs CommonJS.
  transformIgnorePatterns: ['/node_modules/(?!(cborg|@noble)/)'],
  moduleNameMapper: {
    '^@secagg/testbed/([a-z-]+)$': join(__dirname, 'tools/testbed/src/$1.ts'),
    '^@secagg/([a-z-]+)$': join(__dirname, 'libs/$1/src/index.ts'),
    '^@secagg/journal/([a-z]+)$': join(__dirname, 'libs/journal/src/$1/index.ts'),
    '^cborg$': join(__dirname, 'node_modules/cborg/cborg.js'),
  },
};
