import { SysError } from '../sys';
import { ErrorValue } from './messages';

/** What can be wrong with the data plane, but for failed system calls, which are `SysError`s. */
export type DataPlaneErrorCode =
  /** An option is not allowed. */
  | 'DATAPLANE_OPTION'
  /** It did not answer in time. */
  | 'DATAPLANE_TIMEOUT'
  /** It has been stopped, or has failed. */
  | 'DATAPLANE_STOPPED'
  /** Its thread ended by itself, and left no error. */
  | 'DATAPLANE_ENDED';

/** `code` is a `DataPlaneErrorCode`, or the code of the error that ended the thread. */
export class DataPlaneError extends Error {
  public readonly name = 'DataPlaneError';

  constructor(public readonly code: DataPlaneErrorCode | (string & {}), message: string) {
    super(message);
  }
}

export function toErrorValue(error: unknown): ErrorValue {
  if (error instanceof SysError) return { kind: 'sys', value: error.toValue(), stack: error.stack ?? error.message };
  const { message, code, stack } = (error instanceof Error ? error : new Error(String(error))) as Error & { code?: unknown };
  return { kind: 'other', code: typeof code === 'string' ? code : 'DATAPLANE_DEFECT', message, stack: stack ?? message };
}

/** The error again, with the stack that it had in the other thread. */
export function fromErrorValue(value: ErrorValue): SysError | DataPlaneError {
  const error = value.kind === 'sys' ? SysError.fromValue(value.value) : new DataPlaneError(value.code, value.message);
  error.stack = value.stack;
  return error;
}
