/** What can be wrong with a value as soon as it is passed; the text beside it says which value, what is allowed and what to change. */
export type ErrorCode =
  | 'INVALID_ADVERTISEMENT'
  | 'INVALID_COMMUNITY'
  | 'INVALID_IP_RANGE'
  | 'INVALID_NAME'
  | 'INVALID_PEER'
  | 'INVALID_POOL'
  | 'INVALID_PROPS'
  | 'INVALID_SELECTOR'
  | 'INVALID_SHARING_KEY'
  | 'INVALID_VALUE'
  | 'NOT_A_SERVICE';

/** An error whose `code` stays the same when its text is improved. */
export class ConstructError extends Error {
  constructor(public readonly code: ErrorCode, message: string) {
    super(message);
    this.name = 'ConstructError';
  }
}
