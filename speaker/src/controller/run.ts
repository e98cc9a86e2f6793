import { ControllerMetrics } from '../observability';
import { runRole, type RoleOptions } from '../role';
import { Controller } from './controller';

export interface ControllerOptions extends RoleOptions {
  /** Whether the admission webhook is served: beside everything else, not at all, or alone. Default `disabled`. */
  readonly webhookMode?: 'enabled' | 'disabled' | 'onlywebhook';
  /** Port of the webhook. */
  readonly webhookPort?: number;
  /** Name of the Service by which the API server reaches the webhook. */
  readonly certServiceName?: string;
  /** Name of the Secret with the webhook's certificates. */
  readonly webhookSecret?: string;
  /** Take the webhook's certificate from `certDir` as it is: somebody else makes it, renews it, and tells the API server whom to trust. */
  readonly disableCertRotation?: boolean;
  /** Folder with `tls.crt` and `tls.key` of the webhook. */
  readonly certDir?: string;
}

/** Runs the controller until a signal ends the process. */
export async function runController(options: ControllerOptions): Promise<void> {
  const metrics = new ControllerMetrics();
  await runRole(options, metrics, (context) => Controller.start({ ...options, ...context, metrics }));
}
