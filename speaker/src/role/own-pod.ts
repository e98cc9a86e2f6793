import { KubeClient, PODS, isKubeError, type KubeObject, type OwnerReference } from '../kube';
import type { Logger } from '../observability';

/**
 * The reference that lets what this pod makes for itself go away together with it.
 *
 * @returns `undefined` when no pod is named (outside a cluster), or the API server says that it cannot be read: objects then outlive it, which is logged
 * @throws KubeError when there is no such answer, since the API server cannot be reached or does not know us
 */
export async function ownPod(client: KubeClient, namespace: string, name: string | undefined, log: Logger): Promise<OwnerReference | undefined> {
  if (name === undefined) {
    return undefined;
  }
  try {
    const { metadata } = await client.get<KubeObject>(PODS, name, { namespace });
    return { apiVersion: 'v1', kind: 'Pod', name, uid: metadata.uid! };
  } catch (error) {
    if (!isKubeError(error, 'NotFound', 'Forbidden')) {
      throw error;
    }
    log.warn({ error }, `cannot read the own pod ${namespace}/${name}, so objects made for it will outlive it: ${(error as Error).message}`);
    return undefined;
  }
}
