/** Errors on their way from one thread to another: of an Error, the runtime carries message and stack only. */
import { type ExitCode, HostFault } from '@secagg/host';
import { type ProblemCode, SecaggError } from '@secagg/schema';

export type CarriedError =
  | {
      readonly kind: 'problem';
      readonly code: ProblemCode;
      readonly message: string;
      readonly details: SecaggError['details'];
    }
  | { readonly kind: 'fault'; readonly exitCode: ExitCode; readonly message: string }
  | {
      readonly kind: 'other';
      readonly message: string;
      readonly stack?: string;
      readonly code?: string;
      readonly rawCode?: number;
    };

export function carried(error: unknown): CarriedError {
  if (error instanceof SecaggError)
    return { kind: 'problem', code: error.code, message: error.message, details: error.details };
  if (error instanceof HostFault) return { kind: 'fault', exitCode: error.exitCode, message: error.message };
  const { message, stack, code, rawCode }: { message?: unknown; stack?: unknown; code?: unknown; rawCode?: unknown } =
    typeof error === 'object' && error !== null ? error : { message: error };
  return {
    kind: 'other',
    message: String(message),
    ...(typeof stack === 'string' ? { stack } : {}),
    // By which the operating system's and the database's faults are told apart (libs/host, faultOf).
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof rawCode === 'number' ? { rawCode } : {}),
  };
}

export function arrived(error: CarriedError): Error {
  if (error.kind === 'problem') return new SecaggError(error.code, error.message, error.details);
  if (error.kind === 'fault') return new HostFault(error.exitCode, error.message);
  const { message, ...rest } = error;
  return Object.assign(new Error(message), rest);
}
