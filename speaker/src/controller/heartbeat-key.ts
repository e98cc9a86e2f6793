import { randomBytes } from 'crypto';
import { KubeClient, SECRETS, isKubeError } from '../kube';
import type { Logger } from '../observability';
import { HEARTBEAT_SECRET, MADE_BY_US } from '../role';

/**
 * Makes the key with which speakers sign their heartbeats, unless there is one: 32 random bytes in entry `secretkey` of the Secret.
 *
 * An existing Secret is left as it is, whoever made it. Failures are left to the caller, who tries again.
 */
export async function ensureHeartbeatKey(client: KubeClient, namespace: string, log: Logger): Promise<void> {
  try {
    await client.create(SECRETS, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: HEARTBEAT_SECRET, namespace, labels: MADE_BY_US },
      type: 'Opaque',
      data: { secretkey: randomBytes(32).toString('base64') },
    }, { namespace });
    log.info({ secret: HEARTBEAT_SECRET }, 'made the key of the heartbeats');
  } catch (error) {
    if (!isKubeError(error, 'AlreadyExists')) {
      throw error;
    }
  }
}
