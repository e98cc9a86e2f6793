import { newerOf, type Service, type Stored } from '../kube';

/** The newest version of each Service: what the watch brought, or what the API server answered to our last write if the watch has not caught up with it. */
export class Written {
  private readonly answers = new Map<string, Stored<Service>>();

  /** The API server's answer to a write. */
  put(key: string, answer: Stored<Service>): void {
    this.answers.set(key, answer);
  }

  /** @param watched what the watch has; `undefined` when the Service is gone */
  newest(key: string, watched: Stored<Service> | undefined): Stored<Service> | undefined {
    const answer = this.answers.get(key);
    const newest = watched?.metadata.uid === answer?.metadata.uid ? newerOf(watched, answer) : watched;
    if (newest !== answer) this.answers.delete(key);
    return newest;
  }
}
