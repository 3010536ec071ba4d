/** Reads a message of this shape from its encoding; throws where a field is not of its kind. */
export function parse(shape: 'policy', bytes: Uint8Array, what: string): unknown;
