import { ApiError, expired } from './objects';

/** 504 for a resourceVersion that is still to come. */
export function tooLarge(wanted: string, revision: number): ApiError {
  return new ApiError(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${revision}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1,
  });
}

/** Where the next page of a list begins. */
export interface ContinueToken {
  readonly revision: number;
  readonly after: string;
}

export function encodeToken(token: ContinueToken): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

/** @throws ApiError 410 */
export function decodeToken(text: string): ContinueToken {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as ContinueToken;
  } catch {
    throw expired('The provided continue parameter is not valid.');
  }
}
