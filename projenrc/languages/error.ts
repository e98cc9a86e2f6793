/** A check that failed, or could not be made; the text says which one and what to do. */
export class LanguageError extends Error {
  constructor(public readonly code: string, message: string) {
    super(message);
    this.name = 'LanguageError';
  }
}
