module.exports = { displayName: 'vectors', preset: '../../jest.preset.cjs' };
