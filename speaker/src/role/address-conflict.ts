import { OWN_GROUP } from '../config';

/** Type of the condition of a Service whose address a foreign host uses. Speakers write it; the controller reads it, to put the address into quarantine. */
export const ADDRESS_CONFLICT = `${OWN_GROUP}AddressConflict`;

/** What the condition says of several addresses: a line for each, with the address in front, by which the controller finds it. */
export function conflictMessage(texts: ReadonlyMap<string, string>): string {
  return [...texts].map(([address, text]) => `${address} ${text}`).join('\n');
}

/** Addresses that the message of the condition speaks of. */
export function addressesInConflict(message: string): string[] {
  return message.split('\n').map((part) => part.split(' ')[0]);
}
