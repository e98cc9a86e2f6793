import { ANNOTATIONS, deprecatedAnnotation, type Decision } from '../allocation';
import type { Service, StatusPatch } from '../kube';

/**
 * The change that makes a Service show what was decided.
 *
 * Status and annotation go in one write to `services/status`, so they never disagree. The annotation in the deprecated prefix is removed with every write.
 */
export function statusPatch(service: Service, { ingress, poolAnnotation }: Pick<Decision, 'ingress' | 'poolAnnotation'>): StatusPatch {
  const name = ANNOTATIONS.allocatedFromPool, deprecated = deprecatedAnnotation(name);
  const { annotations = {} } = service.metadata;
  return {
    metadata: { annotations: { [name]: poolAnnotation ?? null, ...(deprecated in annotations && { [deprecated]: null }) } },
    status: { loadBalancer: { ingress: ingress.length > 0 ? ingress.map((ip) => ({ ip })) : null } },
  };
}
