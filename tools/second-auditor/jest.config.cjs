module.exports = { displayName: 'second-auditor', preset: '../../jest.preset.cjs' };
