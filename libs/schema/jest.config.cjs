module.exports = { displayName: 'schema', preset: '../../jest.preset.cjs' };
