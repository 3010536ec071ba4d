module.exports = { displayName: 'testbed', preset: '../../jest.preset.cjs' };
