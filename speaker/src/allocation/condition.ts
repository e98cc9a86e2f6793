import { OWN_GROUP } from '../config';
import { lasting, quoteList, Reason, reasonText } from './reason';
import { ServiceInput } from './service-input';

/** Type of the condition that says whether a Service has what it asks for. */
export const ADDRESS_ASSIGNED = `${OWN_GROUP}AddressAssigned`;

/** What the condition says. */
export interface AddressCondition {
  readonly status: 'True' | 'False';
  /** A code of `REASONS`, or `Assigned`. */
  readonly reason: string;
  readonly message: string;
}

/** Of a Service that has no address. */
export function refusedCondition(reason: Reason): AddressCondition {
  return { status: 'False', reason: reason.code, message: reasonText(reason) };
}

/** Of a Service that has one. @param reason why that is not, or not all of, what it asks for */
export function assignedCondition(ingress: readonly string[], pool: string, reason: Reason | undefined): AddressCondition {
  const has = `has ${quoteList(ingress)} of pool ${JSON.stringify(pool)}`;
  return { status: 'True', reason: reason?.code ?? 'Assigned', message: reason ? `${has}; ${reasonText(reason)}` : has };
}

/** Whether the Service shows another condition. That other addresses are free now is not worth a write. */
export function conditionDiffers({ status }: ServiceInput, wanted: AddressCondition | undefined): boolean {
  const shown = status?.conditions?.find(({ type }) => type === ADDRESS_ASSIGNED);
  if (!shown || !wanted) return Boolean(shown) !== Boolean(wanted);
  return shown.status !== wanted.status || shown.reason !== wanted.reason || lasting(shown.message ?? '') !== lasting(wanted.message);
}
