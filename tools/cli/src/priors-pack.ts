import { readFileSync } from 'node:fs';
import { type PriorsPack, priorsPackSchema } from '@secagg/client';
import { Refusal } from './output';

export function readPack(path: string): PriorsPack {
  const pack = priorsPackSchema.safeParse(readJson(path));
  if (!pack.success) {
    const [{ path: at, message }] = pack.error.issues;
    throw new Refusal(`${path} is no pack of priors: ${at.join('.') || 'the file'}: ${message}`);
  }
  return pack.data;
}

export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Refusal(`${path} is no JSON: ${error.message}`);
  }
}
