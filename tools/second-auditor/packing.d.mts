export function unpack(bytes: Uint8Array, dimension: number, bits: number, what: string): Float64Array;
export function centred(word: number, bits: number): number;
