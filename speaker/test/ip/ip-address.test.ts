import { isIPv4, isIPv6 } from 'node:net';
import * as fc from 'fast-check';
import { IpAddress, IpError } from '../../src/ip';

const address = fc.oneof(
  fc.bigInt(0n, 2n ** 32n - 1n).map((value) => IpAddress.of('IPv4', value)),
  fc.bigInt(0n, 2n ** 128n - 1n).map((value) => IpAddress.of('IPv6', value)),
  // Addresses with long runs of zeros, where compression has choices.
  fc.array(fc.constantFrom(0, 0, 0, 1, 0xabcd), { minLength: 8, maxLength: 8 })
    .map((groups) => IpAddress.of('IPv6', groups.reduce((value, group) => value * 65536n + BigInt(group), 0n))),
);
const isMapped = (a: IpAddress) => a.family === 'IPv6' && a.value / 2n ** 32n === 0xffffn;

describe('IpAddress reads and prints', () => {
  test.each([
    ['93.5.22.100', 'IPv4', 0x5d051664n, '93.5.22.100'],
    ['0.0.0.0', 'IPv4', 0n, '0.0.0.0'],
    ['255.255.255.255', 'IPv4', 0xffffffffn, '255.255.255.255'],
    ['::', 'IPv6', 0n, '::'],
    ['::1', 'IPv6', 1n, '::1'],
    ['1::', 'IPv6', 2n ** 112n, '1::'],
    ['2001:DB8::A', 'IPv6', 0x20010db800000000000000000000000an, '2001:db8::a'],
    ['2001:0db8:0000:0000:0001:0000:0000:0001', 'IPv6', 0x20010db8000000000001000000000001n, '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', 'IPv6', 0x20010db8000000010001000100010001n, '2001:db8:0:1:1:1:1:1'],
    ['64:ff9b::192.0.2.33', 'IPv6', 0x0064ff9b0000000000000000c0000221n, '64:ff9b::c000:221'],
    ['fc00:f853:ccd:e799::1', 'IPv6', 0xfc00f8530ccde7990000000000000001n, 'fc00:f853:ccd:e799::1'],
  ])('%s', (text, family, value, canonical) => {
    const parsed = IpAddress.parse(text);
    expect([parsed.family, parsed.value, `${parsed}`, JSON.stringify(parsed)]).toEqual([family, value, canonical, `"${canonical}"`]);
  });
});

describe('IpAddress refuses', () => {
  test.each([
    '', ' ', '10.1', '10.0.1', '167772161', '010.0.0.1', '10.0.0.01', '0x0a.0.0.1', '10.0.0.256', '10.0.0.1.', '.10.0.0.1', '10.0.0', '10.0.0.1.2',
    ' 10.0.0.1', '10.0.0.1 ', '10.0.0.1/32', '10.0.0.1:80', '-1.0.0.1', '+1.0.0.1', '1e1.0.0.1', '١٠.0.0.1',
    ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', 'g::', 'fe80::1%eth0', 'fe80::1%1', '[::1]', '::1/128', '1:2:3:4:5:6:7:',
    ':1:2:3:4:5:6:7', '64:ff9b::010.0.0.1', '64:ff9b::10.1', '::10.0.0.256', `${'0'.repeat(40)}::1`, 'localhost', 'null',
  ])('%j', (text) => {
    expect(() => IpAddress.parse(text)).toThrow(expect.objectContaining({ code: 'InvalidAddress', value: text, fix: expect.stringContaining('93.5.22.100') }));
    expect(IpAddress.tryParse(text)).toBeUndefined();
  });

  test.each([['::ffff:10.0.0.1', '10.0.0.1'], ['::ffff:a00:1', '10.0.0.1'], ['0:0:0:0:0:ffff:93.5.22.100', '93.5.22.100']])(
    '%s, which is IPv4 in disguise, and names the plain form', (text, plain) => {
      expect(() => IpAddress.parse(text)).toThrow(expect.objectContaining({ code: 'Ipv4MappedAddress', fix: `write ${plain}` }));
      expect(IpAddress.tryParse(text)).toBeUndefined();
    });

  test('text long enough to stall a regular expression, at once', () => {
    expect(IpAddress.tryParse('1:'.repeat(1_000_000))).toBeUndefined();
  });

  test('bytes of any length but 4 and 16, and numbers out of range', () => {
    expect(() => IpAddress.fromBytes(new Uint8Array(5))).toThrow(RangeError);
    expect(() => IpAddress.of('IPv4', 2n ** 32n)).toThrow(RangeError);
    expect(() => IpAddress.of('IPv6', -1n)).toThrow(RangeError);
  });
});

describe('IpAddress, for any address', () => {
  test('text, bytes and number are the same address', () => {
    fc.assert(fc.property(address, (a) => {
      expect(IpAddress.fromBytes(a.toBytes()).equals(a)).toBe(true);
      expect(IpAddress.of(a.family, a.value).compare(a)).toBe(0);
      if (!isMapped(a)) expect(IpAddress.parse(a.toString()).equals(a)).toBe(true);
    }));
  });

  test('text agrees with the WHATWG URL serialiser, which compresses as RFC 5952', () => {
    fc.assert(fc.property(address, (a) => {
      if (a.family === 'IPv6') expect(`[${a}]`).toBe(new URL(`http://[${a}]/`).hostname);
      else expect(`${a}`).toBe(new URL(`http://${a}/`).hostname);
    }));
  });

  test('order is by family, then number', () => {
    fc.assert(fc.property(address, address, (a, b) => {
      const expected = a.family === b.family ? Number(a.value > b.value) - Number(a.value < b.value) : a.family === 'IPv4' ? -1 : 1;
      expect(Math.sign(a.compare(b))).toBe(expected);
      expect(a.equals(b)).toBe(expected === 0);
    }));
  });

  test('any text is read exactly when the platform reads it (zones and IPv4-mapped aside), and never throws another error', () => {
    const piece = fc.constantFrom('0', '1', '9', '25', '255', '256', '01', '.', '.', ':', ':', '::', 'ffff', 'a', 'DB8', ' ', '%', '/', '-', 'x');
    fc.assert(fc.property(fc.oneof(fc.array(piece, { maxLength: 20 }).map((p) => p.join('')), fc.string()), (text) => {
      const parsed = IpAddress.tryParse(text);
      if (parsed) expect(parsed.family === 'IPv4' ? isIPv4(text) : isIPv6(text)).toBe(true);
      else if (isIPv4(text)) throw new Error(`refused ${text}`);
      else if (isIPv6(text) && !text.includes('%')) expect(() => IpAddress.parse(text)).toThrow(expect.objectContaining({ code: 'Ipv4MappedAddress' }));
      else expect(() => IpAddress.parse(text)).toThrow(IpError);
    }), { numRuns: 3000 });
  });
});
