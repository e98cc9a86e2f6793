import * as fc from 'fast-check';
import {
  ARP_FRAME_LENGTH, ArpFrame, classifyArp, decodeArp, encodeArp, encodeArpReply, formatHardwareAddress, formatIpv4, hardwareAddressKey,
  isBroadcast, parseIpv4, readIpv4, writeHardwareAddressKey, writeIpv4,
} from '../../src/wire';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));

const REQUEST = hex('ffffffffffff 020000000099 0806 0001 0800 06 04 0001 020000000099 5d051609 000000000000 5d051664');
const REPLY = hex('020000000099 02005d05162c 0806 0001 0800 06 04 0002 02005d05162c 5d051664 020000000099 5d051609');
const PROBE = hex('ffffffffffff 020000000099 0806 0001 0800 06 04 0001 020000000099 00000000 000000000000 5d051664');
const ANNOUNCEMENT = hex('ffffffffffff 02005d05162c 0806 0001 0800 06 04 0001 02005d05162c 5d051664 ffffffffffff 5d051664');
const GRATUITOUS_REPLY = hex('ffffffffffff 02005d05162c 0806 0001 0800 06 04 0002 02005d05162c 5d051664 ffffffffffff 5d051664');
const INVERSE = hex('ffffffffffff 02005d05162c 0806 0001 0800 06 04 0008 02005d05162c 5d051664 ffffffffffff 5d051665');

function decoded(bytes: Uint8Array): ArpFrame {
  const arp = new ArpFrame();
  expect(decodeArp(bytes, bytes.length, arp)).toBeUndefined();
  return arp;
}

describe('ARP packets', () => {
  test('a request, field by field', () => {
    const arp = decoded(REQUEST);
    expect({
      destination: formatHardwareAddress(arp.destination),
      source: formatHardwareAddress(arp.source),
      operation: arp.operation,
      sha: formatHardwareAddress(arp.senderHardwareAddress),
      spa: formatIpv4(arp.senderProtocolAddress),
      tha: formatHardwareAddress(arp.targetHardwareAddress),
      tpa: formatIpv4(arp.targetProtocolAddress),
    }).toEqual({
      destination: 'ff:ff:ff:ff:ff:ff',
      source: '02:00:00:00:00:99',
      operation: 1,
      sha: '02:00:00:00:00:99',
      spa: '93.5.22.9',
      tha: '00:00:00:00:00:00',
      tpa: '93.5.22.100',
    });
  });

  test.each([
    ['request', REQUEST], ['reply', REPLY], ['probe', PROBE], ['announcement', ANNOUNCEMENT], ['gratuitousReply', GRATUITOUS_REPLY], ['other', INVERSE],
  ] as const)('%s is told from the others, and is encoded into the octets it was decoded from', (kind, bytes) => {
    const arp = decoded(bytes);
    expect(classifyArp(arp)).toBe(kind);
    const into = new Uint8Array(ARP_FRAME_LENGTH);
    expect(encodeArp(into, arp)).toBe(ARP_FRAME_LENGTH);
    expect(into).toEqual(bytes);
  });

  test('the reply to a request, octet by octet, whatever was in the buffer before', () => {
    const into = new Uint8Array(ARP_FRAME_LENGTH).fill(0xee);
    expect(encodeArpReply(into, decoded(REQUEST), hex('02005d05162c'))).toBe(ARP_FRAME_LENGTH);
    expect(into).toEqual(REPLY);
  });

  test('padding up to the minimum frame is passed over', () => {
    const padded = new Uint8Array(60);
    padded.set(REQUEST);
    expect(decoded(padded)).toEqual(decoded(REQUEST));
  });

  test('cut short at any octet, it is truncated', () => {
    for (let length = 0; length < REQUEST.length; length++) expect(decodeArp(REQUEST, length, new ArpFrame())).toBe('truncated');
  });

  test('a length beyond the buffer is not believed', () => {
    expect(decodeArp(REQUEST, REQUEST.length + 1, new ArpFrame())).toBe('truncated');
  });

  test.each([
    [12, 'notArp'], [13, 'notArp'], [14, 'hardwareType'], [15, 'hardwareType'], [16, 'protocolType'], [17, 'protocolType'],
    [18, 'addressLength'], [19, 'addressLength'],
  ] as const)('octet %i changed in any way: %s', (offset, problem) => {
    for (let value = 0; value < 256; value++) {
      const changed = Uint8Array.from(REQUEST);
      if (changed[offset] === value) continue;
      changed[offset] = value;
      expect(decodeArp(changed, changed.length, new ArpFrame())).toBe(problem);
    }
  });

  test('a frame that is no ARP packet leaves what was decoded before as it was', () => {
    const arp = decoded(REPLY);
    const other = Uint8Array.from(REQUEST);
    other[19] = 16;
    expect(decodeArp(other, other.length, arp)).toBe('addressLength');
    expect(arp).toEqual(decoded(REPLY));
  });

  test('every packet is encoded and decoded to itself', () => {
    const mac = fc.uint8Array({ minLength: 6, maxLength: 6 });
    const address = fc.integer({ min: -0x80000000, max: 0x7fffffff });
    const operations = fc.integer({ min: 0, max: 0xffff });
    fc.assert(fc.property(mac, mac, mac, mac, address, address, operations, (destination, source, sha, tha, spa, tpa, operation) => {
      const arp = new ArpFrame();
      arp.destination.set(destination);
      arp.source.set(source);
      arp.senderHardwareAddress.set(sha);
      arp.targetHardwareAddress.set(tha);
      Object.assign(arp, { senderProtocolAddress: spa, targetProtocolAddress: tpa, operation });
      const bytes = new Uint8Array(ARP_FRAME_LENGTH);
      encodeArp(bytes, arp);
      expect(decoded(bytes)).toEqual(arp);
    }));
  });
});

describe('addresses', () => {
  test.each([
    ['0.0.0.0', 0], ['93.5.22.100', 0x5d051664], ['127.255.255.255', 0x7fffffff], ['128.0.0.0', -0x80000000], ['192.168.1.1', -0x3f57feff], ['255.255.255.255', -1],
  ])('%s is %i', (text, number) => {
    expect(parseIpv4(text)).toBe(number);
    expect(formatIpv4(number)).toBe(text);
  });

  test.each(['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.4 ', '1.2.3.-4', '::1', 'fe80::1', '1.2.3.4/32'])('%p is no IPv4 address', (text) => {
    expect(parseIpv4(text)).toBeUndefined();
  });

  test('every number is written and read, also as text', () => {
    fc.assert(fc.property(fc.integer({ min: -0x80000000, max: 0x7fffffff }), (address) => {
      const bytes = new Uint8Array(6);
      writeIpv4(bytes, 1, address);
      expect([bytes[0], bytes[5]]).toEqual([0, 0]);
      expect(readIpv4(bytes, 1)).toBe(address);
      expect(parseIpv4(formatIpv4(address))).toBe(address);
    }));
  });

  test('hardware addresses are numbers below 2^48 and back', () => {
    expect(hardwareAddressKey(hex('02005d05162c'))).toBe(0x02005d05162c);
    fc.assert(fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (mac) => {
      const bytes = new Uint8Array(6);
      writeHardwareAddressKey(bytes, 0, hardwareAddressKey(mac));
      expect(bytes).toEqual(Uint8Array.from(mac));
      expect(isBroadcast(mac)).toBe(formatHardwareAddress(mac) === 'ff:ff:ff:ff:ff:ff');
    }));
  });
});
