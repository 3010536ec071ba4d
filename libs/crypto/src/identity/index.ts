export { ed25519PublicKey as identityPublicKey } from './ed25519';
export * from './messages';
