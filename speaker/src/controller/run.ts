import { ControllerMetrics } from '../observability';
import { runRole, type RoleOptions } from '../role';
import { Controller } from './controller';

/** Runs the controller until a signal ends the process. */
export async function runController(options: RoleOptions): Promise<void> {
  const metrics = new ControllerMetrics();
  await runRole(options, metrics, (context) => Controller.start({ ...options, ...context, metrics }));
}
