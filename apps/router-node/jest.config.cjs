module.exports = { displayName: 'router-node', preset: '../../jest.preset.cjs' };
