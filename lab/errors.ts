/** What can go wrong in the lab itself, as opposed to in what it tests. */
export type LabErrorCode =
  /** A program that the lab runs is not installed. */
  | 'TOOL_MISSING'
  /** This user may not make network namespaces here. */
  | 'PRIVILEGES_MISSING'
  /** A command ended with a status other than 0. */
  | 'COMMAND_FAILED'
  /** Something awaited did not happen in time. */
  | 'TIMEOUT'
  /** A process ended before it was ready. */
  | 'PROCESS_ENDED'
  /** A node, place or option that does not exist. */
  | 'INVALID_ARGUMENT'
  /** The API server refused a request. */
  | 'API_REFUSED';

/** An error of the lab. `code` is stable; the message names the object, what is wrong and what to do. */
export class LabError extends Error {
  constructor(readonly code: LabErrorCode, message: string) {
    super(message);
    this.name = 'LabError';
  }
}
