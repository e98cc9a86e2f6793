import { isKubeError, KubeClient, KubeObject } from '../../speaker/src/kube';

/** What each part of the contract gets. */
export interface Contract {
  /** The client. Set before the first test. */
  readonly client: () => KubeClient;
  /** Namespace for the objects of the tests. */
  readonly namespace: string;
  compact(): Promise<void>;
}

/** An object of any kind, for reading what came back. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyObject = KubeObject & Record<string, any>;

/** Runs `attempt` until it does not throw, for at most ten seconds. */
export async function eventually<T>(attempt: () => Promise<T> | T, timeoutMs = 10_000): Promise<T> {
  for (const deadline = Date.now() + timeoutMs; ;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
  }
}

/** The error that `attempt` fails with, reduced to what users and code see of it. */
export async function failure(attempt: Promise<unknown>): Promise<{ code: string; status?: number; reason?: string; message?: string }> {
  try {
    await attempt;
  } catch (error) {
    if (!isKubeError(error)) throw error;
    return { code: error.code, status: error.status, reason: error.reason, message: error.body?.message };
  }
  throw new Error('it did not fail');
}
