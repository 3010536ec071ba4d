import { DpNoiseError } from '@secagg/dp-noise';
import { type Output, printJson } from '../output';

/** A refusal is one JSON object too; the exit status tells them apart. */
export function printFigures(output: Output, figures: () => object): void {
  try {
    printJson(output, figures());
  } catch (error) {
    if (error instanceof DpNoiseError)
      printJson(output, { code: error.code, message: error.message, details: error.details });
    throw error;
  }
}
