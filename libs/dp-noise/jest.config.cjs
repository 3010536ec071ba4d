module.exports = { displayName: 'dp-noise', preset: '../../jest.preset.cjs' };
