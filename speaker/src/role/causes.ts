/**
 * Which causes of failure have been told since something last worked. In an outage everything is tried again and again; one line for each cause says as
 * much as thousands.
 */
export class Causes {
  private readonly told = new Set<string>();

  /** True the first time for errors of this code. */
  isNew({ code, message }: Error & { readonly code?: string }): boolean {
    const cause = code ?? message;
    const isNew = !this.told.has(cause);
    this.told.add(cause);
    return isNew;
  }

  /** It works. @returns whether it did not before */
  over(): boolean {
    const failed = this.told.size > 0;
    this.told.clear();
    return failed;
  }
}
