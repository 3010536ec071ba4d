import { type ExitCode } from './exit-codes';

/**
 * Why a process cannot start, or go on: a text for the person who runs it, never a secret, and the status it ends with.
 */
export class HostFault extends Error {
  override readonly name = 'HostFault';

  constructor(
    readonly exitCode: ExitCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
