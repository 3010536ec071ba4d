module.exports = { displayName: 'crash-test', preset: '../../jest.preset.cjs' };
