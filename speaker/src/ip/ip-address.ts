import * as ipaddr from 'ipaddr.js';
import { IpError } from './ip-error';

/** The two address families, spelled as in the Kubernetes field `spec.ipFamilies`. */
export type IpFamily = 'IPv4' | 'IPv6';

/** Longest text of an IPv6 address; anything longer is refused before a regular expression sees it. */
const LONGEST_TEXT = 45;
const DECIMAL_OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const IPV4 = new RegExp(`^${DECIMAL_OCTET}(?:\\.${DECIMAL_OCTET}){3}$`);
const IPV6 = /^[0-9a-fA-F:]+$/;
const DOTTED_TAIL = new RegExp(`:(${DECIMAL_OCTET}(?:\\.${DECIMAL_OCTET}){3})$`);
const MAPPED_PREFIX = 0xffffn;

/** Number of bits of an address: 32 or 128. */
export function addressBits(family: IpFamily): 32 | 128 {
  return family === 'IPv4' ? 32 : 128;
}

/** Orders IPv4 before IPv6. */
function compareFamilies(a: IpFamily, b: IpFamily): number {
  return a === b ? 0 : a === 'IPv4' ? -1 : 1;
}

/**
 * One IPv4 or IPv6 address, immutable.
 *
 * Text is read strictly. `010.0.0.1` means 8.0.0.1 to some programs and 10.0.0.1 to others, `10.1` means 10.0.0.1 to a few, and `::ffff:10.0.0.1`
 * is 10.0.0.1 to Go and something else to others; an address that two programs read differently is refused, never guessed.
 */
export class IpAddress {
  /**
   * Reads an address.
   * @param text `93.5.22.100` or `2001:db8::1`; no blanks, no zone, no prefix length
   * @throws IpError `InvalidAddress`, `Ipv4MappedAddress`
   */
  static parse(text: string): IpAddress {
    const value = text.length <= LONGEST_TEXT ? parseIpv4(text) ?? parseIpv6(text) : undefined;
    if (value === undefined) {
      throw new IpError('InvalidAddress', text, `invalid IP address ${JSON.stringify(text)}`,
        'write one address, such as 93.5.22.100 or 2001:db8::1, with no blanks, zone or prefix length');
    }
    if (value.family === 'IPv6' && value.value / 2n ** 32n === MAPPED_PREFIX) {
      const plain = new IpAddress('IPv4', value.value % 2n ** 32n).toString();
      throw new IpError('Ipv4MappedAddress', text, `invalid IP address ${JSON.stringify(text)}: it is an IPv4 address written as IPv6`, `write ${plain}`);
    }
    return value;
  }

  /** As `parse`, with undefined for text that is no address. */
  static tryParse(text: string): IpAddress | undefined {
    try {
      return IpAddress.parse(text);
    } catch (error) {
      if (error instanceof IpError) return undefined;
      throw error;
    }
  }

  /**
   * Reads an address from its wire form, network byte order.
   * @param bytes 4 bytes for IPv4, 16 for IPv6. Any 16 bytes are taken as they are, IPv4-mapped ones too: what a packet holds is a fact, not a spelling.
   * @throws RangeError for any other length
   */
  static fromBytes(bytes: Uint8Array): IpAddress {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length === 4) return new IpAddress('IPv4', BigInt(view.getUint32(0)));
    if (bytes.length === 16) return new IpAddress('IPv6', view.getBigUint64(0) * 2n ** 64n + view.getBigUint64(8));
    throw new RangeError(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
  }

  /**
   * The address with this number.
   * @param value 0 to 2³²−1 for IPv4, 0 to 2¹²⁸−1 for IPv6
   * @throws RangeError outside of it
   */
  static of(family: IpFamily, value: bigint): IpAddress {
    if (value < 0n || value >= 2n ** BigInt(addressBits(family))) throw new RangeError(`${value} is no ${family} address`);
    return new IpAddress(family, value);
  }

  private text?: string;

  private constructor(readonly family: IpFamily, readonly value: bigint) {}

  /** 4 or 16 bytes in network byte order, a fresh array. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(addressBits(this.family) / 8);
    const view = new DataView(bytes.buffer);
    if (this.family === 'IPv4') {
      view.setUint32(0, Number(this.value));
    } else {
      view.setBigUint64(0, this.value / 2n ** 64n);
      view.setBigUint64(8, this.value % 2n ** 64n);
    }
    return bytes;
  }

  equals(other: IpAddress): boolean {
    return this.value === other.value && this.family === other.family;
  }

  /** Negative, zero or positive; IPv4 comes before IPv6, then by number. */
  compare(other: IpAddress): number {
    return compareFamilies(this.family, other.family) || (this.value < other.value ? -1 : this.value > other.value ? 1 : 0);
  }

  /** Canonical text: dotted decimal, or RFC 5952 (lower-case, longest run of zeros compressed). */
  toString(): string {
    this.text ??= ipaddr.fromByteArray([...this.toBytes()]).toString();
    return this.text;
  }

  toJSON(): string {
    return this.toString();
  }
}

function parseIpv4(text: string): IpAddress | undefined {
  return IPV4.test(text) ? IpAddress.fromBytes(Uint8Array.from(ipaddr.IPv4.parse(text).toByteArray())) : undefined;
}

/** `ipaddr.js` reads the hexadecimal form; a dotted tail (RFC 4291 §2.2 item 3) is turned into it first, since the library takes octal there. */
function parseIpv6(text: string): IpAddress | undefined {
  const hexadecimal = text.replace(DOTTED_TAIL, (_, dotted: string) => {
    const [a, b, c, d] = ipaddr.IPv4.parse(dotted).toByteArray();
    return `:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  if (!IPV6.test(hexadecimal) || !hexadecimal.includes(':') || !ipaddr.IPv6.isValid(hexadecimal)) return undefined;
  return IpAddress.fromBytes(Uint8Array.from(ipaddr.IPv6.parse(hexadecimal).toByteArray()));
}
