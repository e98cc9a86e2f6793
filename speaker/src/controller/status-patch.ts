import { ADDRESS_ASSIGNED, ANNOTATIONS, deprecatedAnnotation, type Decision } from '../allocation';
import type { Condition, Service, StatusPatch } from '../kube';

/**
 * The change that makes a Service show what was decided.
 *
 * Status, condition and annotation go in one write to `services/status`, so they never disagree. The annotation in the deprecated prefix is removed with
 * every write. Conditions of others stay: lists are replaced whole, and the write is refused when the Service is another by then.
 *
 * @param now time of a change of the condition, RFC 3339
 */
export function statusPatch(service: Service, decision: Pick<Decision, 'ingress' | 'poolAnnotation' | 'condition'>, now: string): StatusPatch {
  const { ingress, poolAnnotation } = decision;
  const name = ANNOTATIONS.allocatedFromPool, deprecated = deprecatedAnnotation(name);
  const { annotations = {} } = service.metadata;
  return {
    metadata: { annotations: { [name]: poolAnnotation ?? null, ...(deprecated in annotations && { [deprecated]: null }) } },
    status: { loadBalancer: { ingress: ingress.length > 0 ? ingress.map((ip) => ({ ip })) : null }, ...conditions(service, decision, now) },
  };
}

function conditions({ status }: Service, { condition }: Pick<Decision, 'condition'>, now: string): { conditions?: readonly Condition[] } {
  const shown = status?.conditions ?? [];
  const own = shown.find(({ type }) => type === ADDRESS_ASSIGNED);
  if (!own && !condition) {
    return {};
  }
  const others = shown.filter((one) => one !== own);
  if (!condition) {
    return { conditions: others };
  }
  const lastTransitionTime = own?.status === condition.status && own.lastTransitionTime !== undefined ? own.lastTransitionTime : now;
  return { conditions: [...others, { type: ADDRESS_ASSIGNED, ...condition, lastTransitionTime }] };
}
