import { isIPv4, isIPv6 } from 'net';

/** An IP address as a number, which is what ranges compare. */
export interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/**
 * The address that `text` writes, or undefined. Zones (`fe80::1%eth0`) are refused, since they mean nothing on another node,
 * and so are IPv4-mapped addresses (RFC 4291 section 2.5.5.2), which programs disagree about.
 */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { bits: 32, value: parseDottedQuad(text) };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const value = parseIpv6(text);
  return value / 2n ** 32n === 0xffffn ? undefined : { bits: 128, value };
}

/** The canonical text of an address: a dotted quad, or RFC 5952. */
export function formatAddress({ bits, value }: Address): string {
  if (bits === 32) return words(value, 2n ** 8n, 4).join('.');
  const groups = words(value, 2n ** 16n, 8).map((word) => word.toString(16));
  const zeros = longestRunOfZeros(groups);
  if (!zeros) return groups.join(':');
  return `${groups.slice(0, zeros.start).join(':')}::${groups.slice(zeros.end).join(':')}`;
}

function parseDottedQuad(text: string): bigint {
  return text.split('.').reduce((value, octet) => value * 2n ** 8n + BigInt(octet), 0n);
}

function parseIpv6(text: string): bigint {
  const [left, right] = text.split('::').map(parseGroups);
  if (right === undefined) return join(left);
  return join([...left, ...Array<bigint>(8 - left.length - right.length).fill(0n), ...right]);
}

function parseGroups(text: string): bigint[] {
  return text.split(':').filter((group) => group !== '').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    const quad = parseDottedQuad(group);
    return words(quad, 2n ** 16n, 2);
  });
}

function join(groups: bigint[]): bigint {
  return groups.reduce((value, group) => value * 2n ** 16n + group, 0n);
}

/** The digits of a number to a base, the highest first. */
function words(value: bigint, base: bigint, count: number): bigint[] {
  return Array.from({ length: count }, (_, i) => value / base ** BigInt(count - 1 - i) % base);
}

/** RFC 5952 section 4.2: the longest run of at least two zero groups, the first of equals. */
function longestRunOfZeros(groups: string[]): { start: number; end: number } | undefined {
  let best: { start: number; end: number } | undefined;
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === '0') end++;
    if (end - start > Math.max(1, best ? best.end - best.start : 1)) best = { start, end };
  }
  return best;
}
