module.exports = { displayName: 'priors', preset: '../../jest.preset.cjs' };
