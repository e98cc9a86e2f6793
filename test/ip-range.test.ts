import * as fc from 'fast-check';
import * as ipaddr from 'ipaddr.js';
import { IpFamily, IpRange } from '../src';

describe('notations', () => {
  test.each([
    ['93.5.22.100', IpFamily.IPV4, '93.5.22.100', '93.5.22.100', '93.5.22.100'],
    ['192.168.1.192/28', IpFamily.IPV4, '192.168.1.192', '192.168.1.207', '192.168.1.192/28'],
    ['0.0.0.0/0', IpFamily.IPV4, '0.0.0.0', '255.255.255.255', '0.0.0.0/0'],
    ['192.168.1.200-192.168.1.220', IpFamily.IPV4, '192.168.1.200', '192.168.1.220', '192.168.1.200-192.168.1.220'],
    [' 192.168.1.200 - 192.168.1.220 ', IpFamily.IPV4, '192.168.1.200', '192.168.1.220', '192.168.1.200-192.168.1.220'],
    ['10.0.0.1-10.0.0.1', IpFamily.IPV4, '10.0.0.1', '10.0.0.1', '10.0.0.1-10.0.0.1'],
    ['FD00:1:0:0::/120', IpFamily.IPV6, 'fd00:1::', 'fd00:1::ff', 'FD00:1:0:0::/120'],
    ['fd00::1-fd00::ffff', IpFamily.IPV6, 'fd00::1', 'fd00::ffff', 'fd00::1-fd00::ffff'],
    ['::/0', IpFamily.IPV6, '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '::/0'],
    ['64:ff9b::192.0.2.33', IpFamily.IPV6, '64:ff9b::c000:221', '64:ff9b::c000:221', '64:ff9b::192.0.2.33'],
  ])('%j is read', (text, family, first, last, notation) => {
    const range = IpRange.parse(text);
    expect({ family: range.family, first: range.first, last: range.last, text: range.toString() })
      .toEqual({ family, first, last, text: notation });
  });

  test.each([
    ['10.0.0', /'10.0.0' is not an IP range: expected an address/],
    ['', /'' is not an IP range/],
    ['10.0.0.256', /not an IP range/],
    ['10.0.0.01', /not an IP range/],
    ['fe80::1%eth0', /not an IP range/],
    ['::ffff:10.0.0.1', /not an IP range/],
    ['router.lan', /not an IP range/],
    ['10.0.0.1-', /'10.0.0.1-' is not an IP range/],
    ['10.0.0.1-10.0.0.2-10.0.0.3', /not an IP range/],
    ['10.0.0.0/24/24', /not an IP range/],
    ['10.0.0.0/33', /prefix length '33': expected 0 to 32 for IPv4/],
    ['fd00::/129', /prefix length '129': expected 0 to 128 for IPv6/],
    ['10.0.0.0/', /prefix length '': expected 0 to 32/],
    ['10.0.0.0/-1', /prefix length '-1'/],
    ['93.5.22.100/24', /did you mean the one address 93.5.22.100\/32, or the whole block 93.5.22.0\/24\?/],
    ['fd00::c8/64', /did you mean the one address fd00::c8\/128, or the whole block fd00::\/64\?/],
    ['10.0.0.9-10.0.0.1', /'10.0.0.9-10.0.0.1' is backwards: .*write 10.0.0.1-10.0.0.9/],
    ['10.0.0.1-fd00::1', /'10.0.0.1-fd00::1' mixes IPv4 and IPv6/],
  ])('%j is refused', (text, message) => {
    expect(() => IpRange.parse(text)).toThrow(message);
    expect(() => IpRange.parse(text)).toThrow(expect.objectContaining({ code: 'INVALID_IP_RANGE' }));
  });

  test('something that is no text is refused', () => {
    expect(() => IpRange.parse(5 as any)).toThrow(/not an IP range/);
    expect(() => IpRange.address(undefined as any)).toThrow(/not an IP range/);
  });

  test('the factories read what parse() reads', () => {
    expect(IpRange.address('10.0.0.1').last).toBe('10.0.0.1');
    expect(IpRange.cidr('10.0.0.0/31').last).toBe('10.0.0.1');
    expect(IpRange.between('10.0.0.1', '10.0.0.3').last).toBe('10.0.0.3');
    expect(() => IpRange.address('10.0.0.0/31')).toThrow(/not an IP range/);
    expect(() => IpRange.cidr('10.0.0.1')).toThrow(/not an IP range/);
  });
});

describe('comparisons', () => {
  const lan = IpRange.parse('192.168.1.200-192.168.1.220');

  test.each([
    ['192.168.1.199', false], ['192.168.1.200', true], ['192.168.1.220', true], ['192.168.1.221', false], ['::c0a8:1c8', false],
  ])('contains(%s) is %s', (address, expected) => {
    expect(lan.contains(address)).toBe(expected);
  });

  test.each([
    ['192.168.1.0/24', true], ['192.168.1.220', true], ['192.168.1.221-192.168.1.230', false], ['10.0.0.0/8', false], ['::/0', false],
  ])('overlaps(%s) is %s', (text, expected) => {
    expect(lan.overlaps(IpRange.parse(text))).toBe(expected);
    expect(IpRange.parse(text).overlaps(lan)).toBe(expected);
  });

  test('contains() refuses what is no address', () => {
    expect(() => lan.contains('192.168.1.0/24')).toThrow(/not an IP range/);
  });
});

describe('against ipaddr.js', () => {
  const v4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => new ipaddr.IPv4([...bytes]).toString());
  // Few different groups, so that there are runs of zeros to compress.
  const v6 = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
    .filter((parts) => !new ipaddr.IPv6(parts).isIPv4MappedAddress())
    .map((parts) => new ipaddr.IPv6(parts))
    .chain((ip) => fc.constantFrom(ip.toNormalizedString(), ip.toNormalizedString().toUpperCase(), ip.toRFC5952String()));
  const address = fc.oneof(v4, v6);

  test('every address is written canonically', () => {
    fc.assert(fc.property(address, (text) => {
      expect(IpRange.address(text).first).toBe(ipaddr.process(text).toString());
    }));
  });

  test('a block contains exactly the addresses that match it', () => {
    const block = fc.oneof(v4.map((ip) => [ip, 32] as const), v6.map((ip) => [ip, 128] as const))
      .chain(([ip, bits]) => fc.tuple(fc.constant(ip), fc.integer({ min: 0, max: bits })));
    fc.assert(fc.property(block, address, ([ip, length], other) => {
      const parsed = ipaddr.process(ip);
      const network = parsed instanceof ipaddr.IPv4
        ? ipaddr.IPv4.networkAddressFromCIDR(`${ip}/${length}`).toString() : ipaddr.IPv6.networkAddressFromCIDR(`${ip}/${length}`).toString();
      fc.pre(!network.startsWith('::ffff:'));
      const range = IpRange.cidr(`${network}/${length}`);
      const candidate = ipaddr.process(other);
      expect(range.contains(ip)).toBe(true);
      expect(range.first).toBe(network);
      expect(range.contains(other)).toBe(candidate.kind() === parsed.kind() && candidate.match(parsed, length));
    }));
  });

  test('a first and a last address order as their bytes do, and ranges overlap when one holds an end of the other', () => {
    const bytes = (ip: string) => Buffer.from(ipaddr.process(ip).toByteArray());
    const order = (a: string, b: string) => Buffer.compare(bytes(a), bytes(b));
    const pair = fc.oneof(fc.tuple(v4, v4), fc.tuple(v6, v6));
    fc.assert(fc.property(pair, pair, ([a, b], [c, d]) => {
      if (order(a, b) > 0) expect(() => IpRange.between(a, b)).toThrow(/backwards/);
      const one = order(a, b) > 0 ? IpRange.between(b, a) : IpRange.between(a, b);
      const two = order(c, d) > 0 ? IpRange.between(d, c) : IpRange.between(c, d);
      const touch = one.contains(two.first) || one.contains(two.last) || two.contains(one.first);
      expect(one.overlaps(two)).toBe(touch);
      expect(two.overlaps(one)).toBe(touch);
    }));
  });
});
