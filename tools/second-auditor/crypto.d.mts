type Part = string | number | Uint8Array;
export function domainMessage(label: string, ...parts: Part[]): Buffer;
export function domainHash(label: string, ...parts: Part[]): Buffer;
