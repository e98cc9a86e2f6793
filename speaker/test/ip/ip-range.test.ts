import * as fc from 'fast-check';
import { IpAddress, IpError, IpPrefix, IpRange } from '../../src/ip';

const texts = (range: IpRange) => range.cidrs().map(String);

describe('IpRange reads', () => {
  test.each([
    ['93.5.22.0/24', '93.5.22.0', '93.5.22.255', 256n, '93.5.22.0/24'],
    ['10.20.30.40/24', '10.20.30.0', '10.20.30.255', 256n, '10.20.30.0/24'],
    ['93.5.22.100', '93.5.22.100', '93.5.22.100', 1n, '93.5.22.100/32'],
    ['93.5.22.100/32', '93.5.22.100', '93.5.22.100', 1n, '93.5.22.100/32'],
    ['2001:db8::1', '2001:db8::1', '2001:db8::1', 1n, '2001:db8::1/128'],
    ['2001:DB8::ff/64', '2001:db8::', '2001:db8::ffff:ffff:ffff:ffff', 2n ** 64n, '2001:db8::/64'],
    ['0.0.0.0/0', '0.0.0.0', '255.255.255.255', 2n ** 32n, '0.0.0.0/0'],
    ['::/0', '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 2n ** 128n, '::/0'],
    ['93.5.22.100-93.5.22.110', '93.5.22.100', '93.5.22.110', 11n, '93.5.22.100-93.5.22.110'],
    [' 93.5.22.100  -\t93.5.22.110 ', '93.5.22.100', '93.5.22.110', 11n, '93.5.22.100-93.5.22.110'],
    ['10.0.0.0-10.0.0.255', '10.0.0.0', '10.0.0.255', 256n, '10.0.0.0/24'],
    ['10.0.0.7-10.0.0.7', '10.0.0.7', '10.0.0.7', 1n, '10.0.0.7/32'],
    ['fc00::1 - fc00::3', 'fc00::1', 'fc00::3', 3n, 'fc00::1-fc00::3'],
  ])('%j', (text, first, last, size, canonical) => {
    const range = IpRange.parse(text);
    expect([`${range.first}`, `${range.last}`, range.size, `${range}`, range.text]).toEqual([first, last, size, canonical, text]);
  });
});

describe('IpRange refuses', () => {
  test.each([
    ['', 'InvalidCidr', 'invalid CIDR ""'],
    ['93.5.22.0/33', 'InvalidCidr', 'invalid CIDR "93.5.22.0/33"'],
    ['93.5.22.0/', 'InvalidCidr', 'invalid CIDR "93.5.22.0/"'],
    ['93.5.22.0/024', 'InvalidCidr', 'invalid CIDR "93.5.22.0/024"'],
    ['93.5.22.0/ 24', 'InvalidCidr', 'invalid CIDR "93.5.22.0/ 24"'],
    ['93.5.22.0/24/8', 'InvalidCidr', 'invalid CIDR "93.5.22.0/24/8"'],
    ['93.5.22.0/255.255.255.0', 'InvalidCidr', 'invalid CIDR "93.5.22.0/255.255.255.0"'],
    ['93.5.22/24', 'InvalidCidr', 'invalid CIDR "93.5.22/24"'],
    ['::ffff:10.0.0.0/120', 'InvalidCidr', 'invalid CIDR "::ffff:10.0.0.0/120"'],
    ['::/129', 'InvalidCidr', 'invalid CIDR "::/129"'],
    [' 93.5.22.0/24', 'InvalidCidr', 'invalid CIDR " 93.5.22.0/24"'],
    ['-', 'InvalidStartAddress', 'invalid IP range "-": invalid start IP ""'],
    ['1.2.3-1.2.3.4', 'InvalidStartAddress', 'invalid IP range "1.2.3-1.2.3.4": invalid start IP "1.2.3"'],
    ['1.2.3.4-10', 'InvalidEndAddress', 'invalid IP range "1.2.3.4-10": invalid end IP "10"'],
    ['1.2.3.4-1.2.3.5-1.2.3.6', 'InvalidEndAddress', 'invalid IP range "1.2.3.4-1.2.3.5-1.2.3.6": invalid end IP "1.2.3.5-1.2.3.6"'],
    ['1.2.3.4-1000::1', 'MixedFamilies', 'invalid IP range "1.2.3.4-1000::1": start and end IPs must be the same family'],
    ['93.5.22.110-93.5.22.100', 'StartAfterEnd', 'invalid IP range "93.5.22.110-93.5.22.100": start IP "93.5.22.110" is after the end IP "93.5.22.100"'],
  ])('%j as %s', (text, code, message) => {
    expect(() => IpRange.parse(text)).toThrow(expect.objectContaining({ code, message, value: text, fix: expect.stringMatching(/./) }));
  });

  test('with the fix that fits', () => {
    const fix = (text: string) => { try { IpRange.parse(text); } catch (error) { return (error as IpError).fix; } return undefined; };
    expect(fix(' 93.5.22.0/24')).toBe('remove the blanks around it: "93.5.22.0/24"');
    expect(fix('93.5.22.0/33')).toBe('end it with a prefix length from /0 to /32, or with nothing for this one address');
    expect(fix('93.5.22.110-93.5.22.100')).toBe('write 93.5.22.100-93.5.22.110');
  });
});

describe('IpRange summarises to the fewest prefixes', () => {
  test.each([
    ['40.0.0.150-40.0.0.200', ['40.0.0.150/31', '40.0.0.152/29', '40.0.0.160/27', '40.0.0.192/29', '40.0.0.200/32']],
    ['3.3.3.2-3.3.3.254', [
      '3.3.3.2/31', '3.3.3.4/30', '3.3.3.8/29', '3.3.3.16/28', '3.3.3.32/27', '3.3.3.64/26', '3.3.3.128/26', '3.3.3.192/27', '3.3.3.224/28',
      '3.3.3.240/29', '3.3.3.248/30', '3.3.3.252/31', '3.3.3.254/32',
    ]],
    ['0.0.0.0-255.255.255.255', ['0.0.0.0/0']],
    ['10.0.0.0/8', ['10.0.0.0/8']],
    ['2001:db8::-2001:db8::1:0', ['2001:db8::/112', '2001:db8::1:0/128']],
  ])('%s', (text, expected) => {
    expect(texts(IpRange.parse(text))).toEqual(expected);
  });

  test('254 of them at the worst, for the whole of IPv6 without its ends', () => {
    expect(IpRange.parse('::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe').cidrs()).toHaveLength(254);
  });

  const ranges = fc.oneof(
    fc.tuple(fc.constant('IPv4' as const), fc.bigInt(0n, 2n ** 32n - 1n), fc.bigInt(0n, 2n ** 32n - 1n)),
    fc.tuple(fc.constant('IPv6' as const), fc.bigInt(0n, 2n ** 128n - 1n), fc.bigInt(0n, 2n ** 128n - 1n)),
    fc.tuple(fc.constant('IPv4' as const), fc.bigInt(0n, 600n), fc.bigInt(0n, 600n)),
  ).map(([family, a, b]) => IpRange.of(IpAddress.of(family, a < b ? a : b), IpAddress.of(family, a < b ? b : a)));

  test('which tile it exactly, ascending, and no two neighbours could be one', () => {
    fc.assert(fc.property(ranges, (range) => {
      let expected = range.first.value;
      let previous: IpPrefix | undefined;
      for (const prefix of range.cidrs()) {
        expect(prefix.first.value).toBe(expected);
        if (previous?.length === prefix.length) expect(IpPrefix.of(previous.address, prefix.length - 1).contains(prefix.address)).toBe(false);
        expected = prefix.last.value + 1n;
        previous = prefix;
      }
      expect(expected).toBe(range.last.value + 1n);
      expect(IpRange.parse(`${range}`).equals(range)).toBe(true);
    }));
  });

  test('overlap is what sharing an address means', () => {
    fc.assert(fc.property(ranges, ranges, (a, b) => {
      const shared = a.contains(b.first) || b.contains(a.first);
      expect(a.overlaps(b)).toBe(shared);
      expect(b.overlaps(a)).toBe(shared);
    }));
  });
});

describe('IpPrefix', () => {
  test('masks host bits and knows its ends', () => {
    const prefix = IpPrefix.of(IpAddress.parse('93.5.22.100'), 26);
    expect([`${prefix}`, `${prefix.first}`, `${prefix.last}`, prefix.size]).toEqual(['93.5.22.64/26', '93.5.22.64', '93.5.22.127', 64n]);
    expect(prefix.contains(IpAddress.parse('93.5.22.127'))).toBe(true);
    expect(prefix.contains(IpAddress.parse('93.5.22.128'))).toBe(false);
    expect(prefix.contains(IpAddress.parse('::1'))).toBe(false);
    expect(prefix.equals(IpPrefix.of(IpAddress.parse('93.5.22.64'), 26))).toBe(true);
  });

  test.each([-1, 33, 1.5, NaN])('refuses length %s for IPv4', (length) => {
    expect(() => IpPrefix.of(IpAddress.parse('93.5.22.100'), length)).toThrow(RangeError);
  });
});
