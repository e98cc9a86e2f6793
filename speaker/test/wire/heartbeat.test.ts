import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import {
  AddressKey, decodeHeartbeat, emptyHeartbeat, encodeHeartbeat, Handover, Heartbeat, HEARTBEAT_ADDRESSES_LENGTH, HEARTBEAT_MAX_ECHOES,
  HEARTBEAT_MAX_INTERFACES, HEARTBEAT_MAX_KEYS, HEARTBEAT_MAX_LENGTH, HEARTBEAT_TAG_LENGTH, heartbeatAddressLength, heartbeatKey, HeartbeatType,
  isHeartbeatName, Reach,
} from '../../src/wire';

const KEY = heartbeatKey(Uint8Array.from({ length: 32 }, (_, i) => i));
const OTHER_KEY = heartbeatKey(new Uint8Array(32).fill(9));
/** The first octets of the SHA-256 of KEY. */
const KEY_ID = '630dcd29';

const SAMPLE: Heartbeat = {
  type: HeartbeatType.HELLO,
  flags: 1,
  node: 'node-44',
  incarnation: 0x0123456789abcdefn,
  sequence: 0x1_0000_0002,
  revision: 77,
  interfaces: [0x02005d05162c],
  echoes: [{ incarnation: 0xfedcba9876543210n, sequence: 5 }],
  generation: 3,
  total: 2,
  total6: 0,
  addresses: [
    { address: 0x5d051664, held: true, reach: Reach.ON_LINK, candidatesDigest: 0xbeef },
    { address: -1, held: false, reach: Reach.NONE, candidatesDigest: 1 },
  ],
  keys: [0x630dcd29, 0xa1b2c3d4],
  relayed: [],
  links: [],
  view: 0,
};

const SAMPLE_BODY = [
  '484c4248', '01', '01', '0001', '0123456789abcdef', '0000000100000002', '000000000000004d', '07', '6e6f64652d3434',
  '01', '0006', '02005d05162c',
  '02', '0010', 'fedcba9876543210', '0000000000000005',
  '03', '0014', '00000003', '0002', '5d051664', '05', 'beef', 'ffffffff', '00', '0001',
  '05', '0008', '630dcd29', 'a1b2c3d4',
].join('');

/** What node-45 passes on of node-44, and of a node without anything. */
const RELAY: Heartbeat = {
  ...emptyHeartbeat(),
  type: HeartbeatType.RELAY,
  node: 'node-45',
  incarnation: 1n,
  sequence: 2,
  relayed: [
    { ...emptyHeartbeat(), flags: 1, node: 'node-44', incarnation: 3n, sequence: 4, interfaces: [0x02005d05162c], links: [0xa1b2c3d4, 7] },
    { ...emptyHeartbeat(), node: 'a' },
  ],
  view: 0x01020304,
};
const RELAY_BODY = [
  '484c4248', '01', '04', '0000', '0000000000000001', '0000000000000002', '0000000000000000', '07', '6e6f64652d3435',
  '01', '0000', '02', '0000', '03', '0006', '00000000', '0000',
  '06', '0048', '484c4248', '01', '01', '0001', '0000000000000003', '0000000000000004', '0000000000000000', '07', '6e6f64652d3434',
  '01', '0006', '02005d05162c', '02', '0000', '03', '0006', '00000000', '0000', '07', '0008', 'a1b2c3d4', '00000007',
  '06', '0031', '484c4248', '01', '01', '0000', '0000000000000000', '0000000000000000', '0000000000000000', '01', '61',
  '01', '0000', '02', '0000', '03', '0006', '00000000', '0000',
  '08', '0004', '01020304',
].join('');

/** The same, and the addresses of IPv6 behind it. */
const DUAL: Heartbeat = {
  ...SAMPLE,
  total6: 3,
  addresses: [
    ...SAMPLE.addresses,
    { address: 0xfd930005002200000000000000000100n, held: true, reach: Reach.OFF_LINK, candidatesDigest: 0xcafe },
  ],
};
const KEYS_AT = SAMPLE_BODY.length - 22;
const DUAL_BODY = `${SAMPLE_BODY.slice(0, KEYS_AT)}0400150003fd93000500220000000000000000010003cafe${SAMPLE_BODY.slice(KEYS_AT)}`;

function encoded(heartbeat: Heartbeat, key = KEY): Uint8Array {
  const into = new Uint8Array(HEARTBEAT_MAX_LENGTH);
  return into.slice(0, encodeHeartbeat(into, heartbeat, key));
}

/** Signs octets as a holder of the key would. */
function signed(body: Uint8Array): Uint8Array {
  const named = Uint8Array.from([...body, ...Buffer.from(KEY_ID, 'hex')]);
  return Uint8Array.from([...named, ...createHmac('sha256', KEY.secret).update(named).digest().subarray(0, 16)]);
}

const decode = (bytes: Uint8Array, keys = [KEY], into = emptyHeartbeat()) => decodeHeartbeat(bytes, bytes.length, keys, into) ?? into;

describe('heartbeats', () => {
  test('octet by octet', () => {
    const body = Buffer.from(SAMPLE_BODY, 'hex');
    expect(Buffer.from(encoded(SAMPLE)).toString('hex')).toBe(Buffer.from(signed(body)).toString('hex'));
    expect(decode(signed(body))).toEqual(SAMPLE);
  });

  test('octet by octet, with addresses of both families', () => {
    const body = Buffer.from(DUAL_BODY, 'hex');
    expect(Buffer.from(encoded(DUAL)).toString('hex')).toBe(Buffer.from(signed(body)).toString('hex'));
    expect(decode(signed(body))).toEqual(DUAL);
  });

  test('octet by octet, with what is passed on of other nodes', () => {
    const body = Buffer.from(RELAY_BODY, 'hex');
    expect(Buffer.from(encoded(RELAY)).toString('hex')).toBe(Buffer.from(signed(body)).toString('hex'));
    expect(decode(signed(body))).toEqual(RELAY);
  });

  test('what is passed on is malformed when any octet of it makes it so, and never throws', () => {
    const body = Buffer.from(RELAY_BODY, 'hex');
    for (let offset = 40; offset < body.length; offset++) {
      for (const value of [0, 1, 2, 4, 6, 7, 0x48, 0xff]) {
        const changed = Uint8Array.from(body);
        changed[offset] = value;
        const result = decode(signed(changed));
        if (typeof result === 'string') expect(result).toBe('malformed');
        const parts = typeof result === 'string' ? [] : result.relayed;
        for (const { node, type, relayed } of parts) expect([isHeartbeatName(node), type, relayed]).toEqual([true, HeartbeatType.HELLO, []]);
      }
    }
  });

  test.each([
    ['within something passed on', { ...RELAY, relayed: [RELAY] }],
    ['of a goodbye', { ...RELAY, relayed: [{ ...emptyHeartbeat(), node: 'a', type: HeartbeatType.GOODBYE }] }],
    ['in a datagram that says something of its sender', { ...RELAY, type: HeartbeatType.HELLO }],
  ])('malformed: something passed on %s', (_, heartbeat) => {
    expect(decode(encoded(heartbeat))).toBe('malformed');
  });

  test('a datagram that has none of the IPv6 addresses tells how many there are', () => {
    const page = { ...DUAL, addresses: SAMPLE.addresses };
    expect(decode(encoded(page))).toEqual(page);
  });

  test('a speaker that does not know the section of IPv6 reads all the others', () => {
    const before = Buffer.from(DUAL_BODY.replace('04001500', 'c8001500'), 'hex');
    expect(decode(signed(before))).toEqual(SAMPLE);
  });

  test.each([
    ['without its total', '040001aa'],
    ['with an address cut short', '0400140003fd930005002200000000000000000103cafe'],
    ['with reach 3', '0400150003fd93000500220000000000000000010007cafe'],
  ])('malformed: a section of IPv6 %s', (_, section) => {
    expect(decode(signed(Buffer.from(`${SAMPLE_BODY}${section}`, 'hex')))).toBe('malformed');
  });

  test('any of the keys verifies, none other does', () => {
    expect(decode(encoded(SAMPLE, OTHER_KEY), [KEY, OTHER_KEY])).toEqual(SAMPLE);
    expect(decode(encoded(SAMPLE, OTHER_KEY), [KEY])).toBe('unknownKey');
    expect(decode(encoded(SAMPLE), [])).toBe('unknownKey');
  });

  test('of a key that is not known it is told which node it says it is from, if it says one', () => {
    const into = emptyHeartbeat();
    expect(decode(encoded(SAMPLE, OTHER_KEY), [KEY], into)).toBe('unknownKey');
    expect(into.node).toBe('node-44');
    const nameless = encoded(SAMPLE, OTHER_KEY);
    nameless[32] = 255;
    expect(decode(nameless, [KEY], into)).toBe('unknownKey');
    expect(into.node).toBe('');
  });

  test('with the name of a key, and without its signature, it is refused', () => {
    const forged = encoded(SAMPLE, { secret: OTHER_KEY.secret, id: KEY.id });
    expect(decode(forged)).toBe('unauthenticated');
  });

  test('cut short at any octet it is refused', () => {
    const bytes = encoded(SAMPLE);
    for (let length = 0; length < bytes.length; length++) {
      expect(['truncated', 'unknownKey', 'unauthenticated']).toContain(decodeHeartbeat(bytes, length, [KEY], emptyHeartbeat()));
    }
    expect(decodeHeartbeat(bytes, bytes.length + 1, [KEY], emptyHeartbeat())).toBe('truncated');
  });

  test('with any bit of it changed it is refused', () => {
    const bytes = encoded(SAMPLE);
    for (let offset = 0; offset < bytes.length; offset++) {
      for (const bit of [1, 2, 4, 8, 16, 32, 64, 128]) {
        const changed = Uint8Array.from(bytes);
        changed[offset] = Math.floor(changed[offset] / bit) % 2 === 0 ? changed[offset] + bit : changed[offset] - bit;
        const inKeyId = offset >= bytes.length - HEARTBEAT_TAG_LENGTH - 4 && offset < bytes.length - HEARTBEAT_TAG_LENGTH;
        const expected = offset < 4 ? 'magic' : offset === 4 ? 'version' : inKeyId ? 'unknownKey' : 'unauthenticated';
        expect(decode(changed)).toBe(expected);
      }
    }
  });

  test('what a holder of the key gets wrong is malformed, or a heartbeat; it never throws', () => {
    const body = Buffer.from(SAMPLE_BODY, 'hex');
    for (let offset = 5; offset < body.length; offset++) {
      for (let value = 0; value < 256; value += 5) {
        const changed = Uint8Array.from(body);
        changed[offset] = value;
        const result = decode(signed(changed));
        if (typeof result === 'string') expect(result).toBe('malformed');
        else expect(isHeartbeatName(result.node)).toBe(true);
      }
    }
    for (let length = 33; length < body.length; length++) {
      const result = decode(signed(body.subarray(0, length)));
      if (typeof result === 'string') expect(result).toBe('malformed');
    }
  });

  test.each([
    ['an unknown type', 5, [9]],
    ['a sequence above 2^53', 16, [0xff]],
    ['a revision above 2^53', 24, [0xff]],
    ['a name longer than the rest', 32, [0xff]],
    ['an empty name', 32, [0]],
    ['a name Kubernetes does not allow', 33, [0x4e]],
    ['a section longer than the rest', 41, [0xff]],
    ['hardware addresses of five octets', 42, [5]],
    ['reach 3', 81, [7]],
    ['a hand-over to nobody knows whom', 81, [0x1d]],
    ['a key id of three octets', SAMPLE_BODY.length / 2 - 9, [7]],
  ])('malformed: %s', (_, offset, octets) => {
    const body = Uint8Array.from(Buffer.from(SAMPLE_BODY, 'hex'));
    body.set(octets, offset);
    expect(decode(signed(body))).toBe('malformed');
  });

  test('a section of a later version is passed over', () => {
    const body = Buffer.from(`${SAMPLE_BODY}c80003aabbcc`, 'hex');
    expect(decode(signed(body))).toEqual(SAMPLE);
  });

  test('a decoded heartbeat keeps nothing of the one decoded before', () => {
    const into = emptyHeartbeat();
    decode(encoded(SAMPLE), [KEY], into);
    const bare = { ...emptyHeartbeat(), node: 'a', incarnation: 1n, sequence: 1 };
    expect(decode(encoded(bare), [KEY], into)).toEqual(bare);
  });

  test.each([
    ['IPv4', 61, (i: number) => i],
    ['IPv6', 22, (i: number) => BigInt(i)],
  ])('the largest one fits, with addresses of %s', (family, most, address: (i: number) => AddressKey) => {
    expect([family, Math.floor(HEARTBEAT_ADDRESSES_LENGTH / heartbeatAddressLength(address(0)))]).toEqual([family, most]);
    const largest: Heartbeat = {
      ...SAMPLE,
      node: 'n'.repeat(253),
      interfaces: Array.from({ length: HEARTBEAT_MAX_INTERFACES }, (_, i) => i),
      echoes: Array.from({ length: HEARTBEAT_MAX_ECHOES }, (_, i) => ({ incarnation: BigInt(i), sequence: i })),
      total: 0xffff,
      total6: 0xffff,
      addresses: Array.from({ length: most }, (_, i) => ({ address: address(i), held: true, reach: Reach.ON_LINK, candidatesDigest: i })),
      keys: Array.from({ length: HEARTBEAT_MAX_KEYS }, (_, i) => i),
      view: 1,
    };
    const bytes = encoded(largest);
    expect(bytes.length).toBeLessThanOrEqual(HEARTBEAT_MAX_LENGTH);
    expect(decode(bytes)).toEqual(largest);
  });

  test('every heartbeat is encoded and decoded to itself', () => {
    const uint53 = fc.maxSafeNat();
    const uint64 = fc.bigInt({ min: 0n, max: 0xffffffffffffffffn });
    const states = (address: fc.Arbitrary<AddressKey>, maxLength: number) => fc.array(fc.record({
      address,
      held: fc.boolean(),
      reach: fc.constantFrom(Reach.NONE, Reach.OFF_LINK, Reach.ON_LINK),
      handover: fc.constantFrom(undefined, Handover.TO_BETTER, Handover.TO_ANY),
      candidatesDigest: fc.integer({ min: 0, max: 0xffff }),
    }), { maxLength });
    const arbitrary = fc.record<Heartbeat>({
      type: fc.constantFrom<HeartbeatType>(HeartbeatType.HELLO, HeartbeatType.GOODBYE, HeartbeatType.DUPLICATE),
      flags: fc.integer({ min: 0, max: 0xffff }),
      node: fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,40}[a-z0-9])?$/),
      incarnation: uint64,
      sequence: uint53,
      revision: uint53,
      interfaces: fc.array(fc.integer({ min: 0, max: 0xffffffffffff }), { maxLength: HEARTBEAT_MAX_INTERFACES }),
      echoes: fc.array(fc.record({ incarnation: uint64, sequence: uint53 }), { maxLength: HEARTBEAT_MAX_ECHOES }),
      generation: fc.integer({ min: 0, max: 0xffffffff }),
      total: fc.integer({ min: 0, max: 0xffff }),
      total6: fc.integer({ min: 1, max: 0xffff }),
      addresses: fc.tuple(
        states(fc.integer({ min: -0x80000000, max: 0x7fffffff }), 32),
        states(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), 11),
      ).map(([ipv4, ipv6]) => [...ipv4, ...ipv6]),
      keys: fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: HEARTBEAT_MAX_KEYS }),
      relayed: fc.constant([]),
      links: fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 8 }),
      view: fc.integer({ min: 0, max: 0xffffffff }),
    });
    fc.assert(fc.property(arbitrary, (heartbeat) => {
      expect(decode(encoded(heartbeat))).toEqual(heartbeat);
    }));
  });

  test('no octets whatever make the decoder throw', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
      const body = Uint8Array.from([...Buffer.from(SAMPLE_BODY, 'hex').subarray(0, 40), ...tail]);
      const result = decode(signed(body));
      expect(typeof result === 'string' ? result : 'decoded').toMatch(/^(malformed|decoded)$/);
      expect(typeof decode(tail)).toBe('string');
    }));
  });
});
