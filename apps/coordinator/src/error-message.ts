/**
 * The text of whatever was thrown. (An error of another realm, as a native module throws, is no `instanceof Error`.)
 */
export const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string'
    ? error.message
    : String(error);
