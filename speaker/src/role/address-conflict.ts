import { OWN_GROUP } from '../config';

/** Type of the condition of a Service whose address a foreign host uses. Speakers write it; the controller reads it, to put the address into quarantine. */
export const ADDRESS_CONFLICT = `${OWN_GROUP}AddressConflict`;

/** What the condition says of several addresses: a line for each, with the address in front, by which the controller finds it. */
export function conflictMessage(texts: ReadonlyMap<string, string>): string {
  return [...texts].map(([address, text]) => `${address} ${text}`).join('\n');
}

/** The inverse of `conflictMessage`: what the message of the condition says of each address. Of other messages, the first word of each line is taken for an address. */
export function conflictTexts(message: string): Map<string, string> {
  return new Map(message.split('\n').map((line) => {
    const [address] = line.split(' ', 1);
    return [address, line.slice(address.length + 1)];
  }));
}
