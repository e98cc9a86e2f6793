import * as fc from 'fast-check';
import {
  ALL_NODES, decodeNeighbor, encodeNeighbor, formatHardwareAddress, ipv6Octets, isMulticast, isSolicitedNode, isUnspecified, NEIGHBOR_ADVERTISEMENT,
  NEIGHBOR_FRAME_LENGTH, NEIGHBOR_FRAME_MIN_LENGTH, NEIGHBOR_SOLICITATION, NeighborFrame, parseAddress, readIpv6, sameIpv6, writeIpv6,
  writeMulticastHardwareAddress, writeSolicitedNode,
} from '../../src/wire';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const octetsOf = (text: string): Uint8Array => ipv6Octets(parseAddress(text) as bigint);

// Checksums computed by another program.
const SOLICITATION = hex(`3333ff000100 020000000099 86dd 60000000 0020 3a ff fd930005002200000000000000000009 ff0200000000000000000001ff000100
  87 00 7987 00000000 fd930005002200000000000000000100 01 01 020000000099`);
const ADVERTISEMENT = hex(`020000000099 02005d05162c 86dd 60000000 0020 3a ff fe8000000000000000005dfffe05162c fd930005002200000000000000000009
  88 00 5341 40000000 fd930005002200000000000000000100 02 01 02005d05162c`);
const DUPLICATE_ADDRESS_DETECTION = hex(`3333ff000100 020000000099 86dd 60000000 0018 3a ff 00000000000000000000000000000000
  ff0200000000000000000001ff000100 87 00 7aed 00000000 fd930005002200000000000000000100`);
const UNSOLICITED = hex(`333300000001 02005d05162c 86dd 60000000 0020 3a ff fe8000000000000000005dfffe05162c ff020000000000000000000000000001
  88 00 7201 20000000 fd930005002200000000000000000100 02 01 02005d05162c`);
const OF_A_ROUTER = hex(`020000000099 02005d051601 86dd 60000000 0020 3a ff fe800000000000000000000000000001 fd930005002200000000000000000009
  88 00 25d5 e0000000 fe800000000000000000000000000001 02 01 02005d051601`);

function decoded(bytes: Uint8Array): NeighborFrame {
  const neighbor = new NeighborFrame();
  expect(decodeNeighbor(bytes, bytes.length, neighbor)).toBeUndefined();
  return neighbor;
}

const problemOf = (bytes: Uint8Array) => decodeNeighbor(bytes, bytes.length, new NeighborFrame());

/** The frame with some octets changed, or with options, and the lengths and the checksum that belong to that. */
function correct(bytes: Uint8Array, changes: Record<number, number | Uint8Array> = {}, options?: Uint8Array): Uint8Array {
  const frame = options === undefined ? Uint8Array.from(bytes) : Uint8Array.from([...bytes.subarray(0, 78), ...options]);
  const view = new DataView(frame.buffer);
  view.setUint16(18, frame.length - 54);
  for (const [offset, value] of Object.entries(changes)) frame.set(typeof value === 'number' ? [value] : value, Number(offset));
  view.setUint16(56, 0);
  const summed = [frame[18], frame[19], 0, 58, ...frame.subarray(22), ...frame.length % 2 === 1 ? [0] : []];
  let sum = 0;
  for (let i = 0; i < summed.length; i += 2) sum += summed[i] * 256 + summed[i + 1];
  view.setUint16(56, 0xffff - sum % 0xffff);
  return frame;
}

describe('Neighbor Solicitations and Advertisements', () => {
  test('a solicitation, field by field', () => {
    const neighbor = decoded(SOLICITATION);
    expect({ ...neighbor, destination: formatHardwareAddress(neighbor.destination), source: formatHardwareAddress(neighbor.source) }).toEqual({
      destination: '33:33:ff:00:01:00',
      source: '02:00:00:00:00:99',
      sourceAddress: octetsOf('fd93:5:22::9'),
      destinationAddress: octetsOf('ff02::1:ff00:100'),
      type: NEIGHBOR_SOLICITATION,
      router: false,
      solicited: false,
      override: false,
      target: octetsOf('fd93:5:22::100'),
      hasLinkLayerAddress: true,
      linkLayerAddress: hex('020000000099'),
    });
  });

  test.each([
    ['a solicitation', SOLICITATION, { type: NEIGHBOR_SOLICITATION, solicited: false, override: false, router: false, hasLinkLayerAddress: true }],
    ['a question of Duplicate Address Detection', DUPLICATE_ADDRESS_DETECTION, { type: NEIGHBOR_SOLICITATION, hasLinkLayerAddress: false }],
    ['an answer', ADVERTISEMENT, { type: NEIGHBOR_ADVERTISEMENT, solicited: true, override: false, router: false, hasLinkLayerAddress: true }],
    ['an unsolicited advertisement', UNSOLICITED, { type: NEIGHBOR_ADVERTISEMENT, solicited: false, override: true, router: false }],
    ['an answer of a router', OF_A_ROUTER, { type: NEIGHBOR_ADVERTISEMENT, solicited: true, override: true, router: true }],
  ])('%s is encoded into the octets it was decoded from', (_, bytes, fields) => {
    const neighbor = decoded(bytes);
    expect(neighbor).toMatchObject(fields);
    const into = new Uint8Array(NEIGHBOR_FRAME_LENGTH);
    expect(encodeNeighbor(into, neighbor)).toBe(bytes.length);
    expect(into.subarray(0, bytes.length)).toEqual(bytes);
  });

  test('cut short at any octet, it is truncated', () => {
    for (const bytes of [SOLICITATION, ADVERTISEMENT, DUPLICATE_ADDRESS_DETECTION]) {
      for (let length = 0; length < bytes.length; length++) expect(decodeNeighbor(bytes, length, new NeighborFrame())).toBe('truncated');
      expect(decodeNeighbor(bytes, bytes.length + 1, new NeighborFrame())).toBe('truncated');
    }
  });

  test('octets after the packet are padding', () => {
    expect(decoded(Uint8Array.from([...SOLICITATION, 1, 2, 3]))).toEqual(decoded(SOLICITATION));
  });

  test('any octet changed in any way: it is refused, unless no rule speaks of it or the sum stays the same', () => {
    // Ethernet addresses, traffic class and flow label are in no sum. 0000 and ffff are the same number to a one's complement sum.
    const free = (offset: number) => offset < 12 || (offset > 13 && offset < 18);
    const wrong: string[] = [];
    for (const bytes of [SOLICITATION, ADVERTISEMENT, DUPLICATE_ADDRESS_DETECTION, UNSOLICITED]) {
      for (let offset = 0; offset < bytes.length; offset++) {
        for (let value = 0; value < 256; value++) {
          if (bytes[offset] === value) continue;
          const changed = Uint8Array.from(bytes);
          changed[offset] = value;
          const accepted = problemOf(changed) === undefined;
          const expected = offset === 14 ? Math.floor(value / 16) === 6 : free(offset);
          if (accepted !== expected) wrong.push(`octet ${offset} = ${value}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  const solicitedNode = octetsOf('ff02::1:ff00:100');
  test.each([
    ['notIpv6', 'another EtherType', correct(SOLICITATION, { 13: 0xde })],
    ['notIpv6', 'version 4', correct(SOLICITATION, { 14: 0x45 })],
    ['notNeighborDiscovery', 'UDP', correct(SOLICITATION, { 20: 17 })],
    ['notNeighborDiscovery', 'an extension header', correct(SOLICITATION, { 20: 0 })],
    ['notNeighborDiscovery', 'a router solicitation', correct(SOLICITATION, { 54: 133 })],
    ['notNeighborDiscovery', 'a redirect', correct(SOLICITATION, { 54: 137 })],
    ['messageLength', 'nothing but the IPv6 header', Uint8Array.from(SOLICITATION).fill(0, 18, 20)],
    ['messageLength', 'less than a target', correct(SOLICITATION.subarray(0, 77))],
    ['hopLimit', 'forwarded once', correct(SOLICITATION, { 21: 254 })],
    ['messageCode', 'code 1', correct(SOLICITATION, { 55: 1 })],
    ['checksum', 'a wrong checksum', Uint8Array.from(SOLICITATION).fill(0, 56, 58)],
    ['targetMulticast', 'about a group', correct(SOLICITATION, { 62: 0xff })],
    ['optionLength', 'an option of no length', correct(SOLICITATION, {}, hex('0100020000000099'))],
    ['optionLength', 'an unknown option of no length', correct(SOLICITATION, {}, hex('0101020000000099 0e00000000000000'))],
    ['optionLength', 'an option that goes beyond the end', correct(SOLICITATION, {}, hex('0102020000000099'))],
    ['optionLength', 'half an option', correct(SOLICITATION, {}, hex('01'))],
    ['optionLength', 'a link-layer address that is not Ethernet’s', correct(SOLICITATION, {}, hex('01020200000000990000000000000000'))],
    ['unspecifiedSource', 'from :: to all nodes', correct(DUPLICATE_ADDRESS_DETECTION, { 38: ALL_NODES })],
    ['unspecifiedSource', 'from :: to one node', correct(DUPLICATE_ADDRESS_DETECTION, { 38: octetsOf('fd93:5:22::100') })],
    ['unspecifiedSource', 'from :: with a link-layer address', correct(SOLICITATION, { 22: new Uint8Array(16), 38: solicitedNode })],
    ['solicitedMulticast', 'an answer to a group', correct(UNSOLICITED, { 58: 0x60 })],
  ])('%s: %s', (problem, _, frame) => {
    expect(problemOf(frame)).toBe(problem);
  });

  test.each([
    ['other options beside it (nonce, RFC 3971 §5.3.2)', correct(SOLICITATION, {}, hex('0e01aabbccddeeff 0101020000000099')), '02:00:00:00:00:99'],
    ['a target link-layer address in a solicitation is no option of it', correct(SOLICITATION, {}, hex('0201020000000099')), undefined],
    ['a nonce in Duplicate Address Detection', correct(DUPLICATE_ADDRESS_DETECTION, {}, hex('0e01aabbccddeeff')), undefined],
    ['reserved bits of the flags', correct(ADVERTISEMENT, { 58: 0x5f, 61: 0xff }), '02:00:5d:05:16:2c'],
    ['traffic class and flow label', correct(ADVERTISEMENT, { 14: hex('6e012345') }), '02:00:5d:05:16:2c'],
  ])('valid: %s', (_, frame, linkLayerAddress) => {
    const neighbor = decoded(frame);
    expect(neighbor.hasLinkLayerAddress ? formatHardwareAddress(neighbor.linkLayerAddress) : undefined).toBe(linkLayerAddress);
  });

  test('a frame that is refused leaves what was decoded before as it was', () => {
    const neighbor = decoded(ADVERTISEMENT);
    for (const frame of [correct(SOLICITATION, {}, hex('0100020000000099')), correct(UNSOLICITED, { 58: 0x60 })]) {
      expect(decodeNeighbor(frame, frame.length, neighbor)).toBeDefined();
      expect(neighbor).toEqual(decoded(ADVERTISEMENT));
    }
  });

  const mac = fc.uint8Array({ minLength: 6, maxLength: 6 });
  const unicast = fc.uint8Array({ minLength: 16, maxLength: 16 }).filter((octets) => !isMulticast(octets) && !isUnspecified(octets));

  test('every message is encoded and decoded to itself', () => {
    const flags = fc.record({ router: fc.boolean(), solicited: fc.boolean(), override: fc.boolean() });
    fc.assert(fc.property(mac, mac, unicast, unicast, unicast, fc.option(mac, { nil: undefined }), fc.boolean(), flags,
      (destination, source, from, to, target, linkLayerAddress, advertisement, given) => {
        const neighbor = new NeighborFrame();
        neighbor.destination.set(destination);
        neighbor.source.set(source);
        neighbor.sourceAddress.set(from);
        neighbor.destinationAddress.set(to);
        neighbor.target.set(target);
        neighbor.linkLayerAddress.set(linkLayerAddress ?? []);
        neighbor.hasLinkLayerAddress = linkLayerAddress !== undefined;
        neighbor.type = advertisement ? NEIGHBOR_ADVERTISEMENT : NEIGHBOR_SOLICITATION;
        if (advertisement) Object.assign(neighbor, given);
        const bytes = new Uint8Array(NEIGHBOR_FRAME_LENGTH).fill(0xaa);
        const length = encodeNeighbor(bytes, neighbor);
        expect(length).toBe(linkLayerAddress === undefined ? NEIGHBOR_FRAME_MIN_LENGTH : NEIGHBOR_FRAME_LENGTH);
        expect(decoded(bytes.subarray(0, length))).toEqual(neighbor);
      }));
  });

  test('no octets whatever make the decoder throw', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), fc.integer({ min: 0, max: 86 }), (tail, keep) => {
      const frame = Uint8Array.from([...SOLICITATION.subarray(0, keep), ...tail]);
      expect(typeof (problemOf(frame) ?? '')).toBe('string');
      if (keep >= 58 && frame.length >= 78) expect(typeof (problemOf(correct(frame)) ?? '')).toBe('string');
    }));
  });
});

describe('IPv6 addresses', () => {
  test.each([
    ['::', 0n], ['::1', 1n], ['fd93:5:22::100', 0xfd930005002200000000000000000100n], ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 2n ** 128n - 1n],
    ['93.5.22.100', 0x5d051664], ['192.168.1.1', -0x3f57feff],
  ])('%s has the key %s', (text, key) => {
    expect(parseAddress(text)).toBe(key);
  });

  test.each(['', 'fd93:5:22:0::100', 'FD93::1', '::ffff:93.5.22.100', 'fe80::1%eth0', 'fd93::/64', '93.5.22', 'nonsense'])('%p is no canonical address', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test('every address is written and read', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), (address) => {
      const bytes = new Uint8Array(18);
      writeIpv6(bytes, 1, address);
      expect([bytes[0], bytes[17]]).toEqual([0, 0]);
      expect(readIpv6(bytes, 1)).toBe(address);
      expect(sameIpv6(bytes, ipv6Octets(address), 1)).toBe(true);
    }));
  });

  test.each([
    ['fd93:5:22::100', 'ff02::1:ff00:100', '33:33:ff:00:01:00'],
    ['fe80::5dff:fe05:162c', 'ff02::1:ff05:162c', '33:33:ff:05:16:2c'],
    ['2001:db8::abcd:ef12:3456', 'ff02::1:ff12:3456', '33:33:ff:12:34:56'],
  ])('the solicited-node address of %s is %s, on Ethernet %s', (address, group, mac) => {
    const octets = new Uint8Array(16), hardwareAddress = new Uint8Array(6);
    writeSolicitedNode(octets, octetsOf(address));
    expect(octets).toEqual(octetsOf(group));
    expect([isSolicitedNode(octets), isMulticast(octets), isUnspecified(octets)]).toEqual([true, true, false]);
    writeMulticastHardwareAddress(hardwareAddress, octets);
    expect(formatHardwareAddress(hardwareAddress)).toBe(mac);
  });

  test('all nodes are 33:33:00:00:00:01, and no solicited-node address', () => {
    const hardwareAddress = new Uint8Array(6);
    writeMulticastHardwareAddress(hardwareAddress, ALL_NODES);
    expect(formatHardwareAddress(hardwareAddress)).toBe('33:33:00:00:00:01');
    expect(isSolicitedNode(ALL_NODES)).toBe(false);
  });
});
