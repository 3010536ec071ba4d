module.exports = { displayName: 'repository', preset: '../../jest.preset.cjs' };
