import type { Service, Stored } from '../kube';

/**
 * The newest version of each Service: what the watch brought, or what the API server answered to our last write if the watch has not caught up with it.
 *
 * Without it, a decision made between a write and its echo would be made from the Service as it was before the write.
 */
export class Written {
  private readonly answers = new Map<string, Stored<Service>>();

  /** The API server's answer to a write. */
  put(key: string, answer: Stored<Service>): void {
    this.answers.set(key, answer);
  }

  /** @param watched what the watch has; `undefined` when the Service is gone */
  newest(key: string, watched: Stored<Service> | undefined): Stored<Service> | undefined {
    const answer = this.answers.get(key);
    if (answer && watched?.metadata.uid === answer.metadata.uid && isOlder(watched, answer)) {
      return answer;
    }
    this.answers.delete(key);
    return watched;
  }
}

/** Whether `a` is an earlier version of the object than `b`: resource versions of Kubernetes's store are numbers that grow. */
function isOlder(a: Stored<Service>, b: Stored<Service>): boolean {
  return Number(a.metadata.resourceVersion) < Number(b.metadata.resourceVersion);
}
