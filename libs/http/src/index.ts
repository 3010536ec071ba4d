export { type Access, accessOf } from './access';
export * from './content';
export * from './limits';
export { getOpenApi } from './openapi';
export * from './operation';
export * from './parameters';
export { asSecaggError } from './problem';
export * from './reply';
export * from './server';
