/** Where a command writes: lines for people or programs, and lines about what went wrong. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
}

/** Something the person at the command line has to change; shown without a stack. */
export class Refusal extends Error {
  override readonly name: string = 'Refusal';
}

/** A command line that cannot be meant, found when its parts are seen together. */
export class Usage extends Refusal {
  override readonly name = 'Usage';
}

export const printJson = (output: Output, value: unknown): void => output.out(JSON.stringify(value, null, 2));
