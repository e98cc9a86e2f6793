import * as fc from 'fast-check';
import { decodeMessages, encodeDumpRequest, NetlinkError, RTM_GETADDR, RTM_GETLINK } from '../../src/sys/netlink';

const bytes = (...hex: string[]) => Buffer.from(hex.join('').replace(/\s/g, ''), 'hex');

/** As Linux 6.18 sent them; the link without its statistics, which are 1200 bytes of zeros. */
const LINK = bytes(
  '68000000 1000 0000 00000000 00000000', // length, RTM_NEWLINK, flags, sequence, port
  '00 00 0100 03000000 43100100 00000000', // AF_UNSPEC, ARPHRD_ETHER, index 3, UP BROADCAST RUNNING MULTICAST LOWER_UP
  '0700 0300 763000 00', // IFLA_IFNAME v0
  '0800 0d00 e8030000', // IFLA_TXQLEN
  '0500 1000 06 000000', // IFLA_OPERSTATE up
  '0800 0400 dc050000', // IFLA_MTU
  '0800 0a00 04000000', // IFLA_MASTER 4
  '0a00 0100 1e0c420f1a59 0000', // IFLA_ADDRESS
  '0a00 0200 ffffffffffff 0000', // IFLA_BROADCAST
  '0400 3e80 0400 4180', // two attributes with NLA_F_NESTED
);
const BRIDGE_PORT_LEFT = bytes(
  '54000000 1100 0000 00000000 00000000',
  '07 00 0100 03000000 43100100 00000000', // AF_BRIDGE
  '0700 0300 763000 00 0800 0a00 04000000 0800 0400 dc050000 0500 1000 06 000000 0a00 0100 1e0c420f1a59 0000 0800 0500 02000000',
);
const ADDRESS = bytes(
  '4c000000 1400 0000 aaad046b a76f0000',
  '02 18 80 00 03000000', // AF_INET /24 index 3
  '0800 0100 5d05162c 0800 0200 5d05162c 0700 0300 763000 00 0800 0800 80000000 1400 0600 ffffffffffffffff8c7802008c780200',
);
const POINT_TO_POINT = bytes(
  '4c000000 1400 0000 aaad046b a96f0000',
  '02 20 80 00 03000000',
  '0800 0100 0a000002 0800 0200 0a000001 0700 0300 763000 00 0800 0800 80000000 1400 0600 ffffffffffffffff8c7802008c780200',
);
const ADDRESS6_REMOVED = bytes(
  '48000000 1500 0000 00000000 00000000',
  '0a 40 82 00 03000000',
  '1400 0100 fd000000000000000000000000000044 1400 0600 ffffffffffffffff8d7802008d780200 0800 0800 82000000',
);
const DONE = bytes('14000000 0300 0200 07000000 936f0000 00000000');
const ERROR = bytes('34000000 0200 0000 09000000 936f0000 edffffff', '20000000 1100 0500 09000000 00000000 0000000000000000ff000000ffffffff');

describe('messages as the kernel sends them', () => {
  test('a link', () => {
    expect(decodeMessages(LINK)).toEqual([{
      kind: 'link',
      removed: false,
      sequence: 0,
      interrupted: false,
      link: {
        index: 3,
        type: 1,
        flags: 0x11043,
        name: 'v0',
        mac: new Uint8Array([0x1e, 0x0c, 0x42, 0x0f, 0x1a, 0x59]),
        master: 4,
        operationalState: 'up',
      },
    }]);
  });

  test('a link that was removed', () => {
    const removed = Buffer.from(LINK);
    removed.writeUInt16LE(17, 4);
    expect(decodeMessages(removed)).toMatchObject([{ kind: 'link', removed: true, link: { index: 3 } }]);
  });

  test('a bridge losing a port says DELLINK of family AF_BRIDGE, and the link lives on', () => {
    expect(decodeMessages(BRIDGE_PORT_LEFT)).toEqual([]);
  });

  test('an event of a WiFi driver is no news of the link', () => {
    const event = Buffer.concat([LINK.subarray(0, 40), bytes('0800 0b00 00000000')]);
    event.writeUInt32LE(event.length, 0);
    expect(decodeMessages(event)).toEqual([]);
  });

  test.each([
    ['IPv4', ADDRESS, { removed: false, address: { index: 3, address: '93.5.22.44', prefixLength: 24 } }],
    ['point to point: the local end', POINT_TO_POINT, { removed: false, address: { index: 3, address: '10.0.0.1', prefixLength: 32 } }],
    ['IPv6, removed', ADDRESS6_REMOVED, { removed: true, address: { index: 3, address: 'fd00::44', prefixLength: 64 } }],
  ])('an address, %s', (_, message, expected) => {
    expect(decodeMessages(message)).toMatchObject([{ kind: 'address', ...expected }]);
  });

  test('the end of a listing, with sequence number', () => {
    expect(decodeMessages(DONE)).toEqual([{ kind: 'done', errno: 0, sequence: 7, interrupted: false }]);
  });

  test('the end of a listing that changed meanwhile (NLM_F_DUMP_INTR)', () => {
    const interrupted = Buffer.from(DONE);
    interrupted.writeUInt16LE(0x12, 6);
    expect(decodeMessages(interrupted)).toMatchObject([{ kind: 'done', interrupted: true }]);
  });

  test('an error, as a positive number', () => {
    expect(decodeMessages(ERROR)).toEqual([{ kind: 'error', errno: 19, sequence: 9, interrupted: false }]);
  });

  test('an overrun', () => {
    expect(decodeMessages(bytes('10000000 0400 0000 00000000 00000000'))).toMatchObject([{ kind: 'overrun' }]);
  });

  test.each([
    ['NLMSG_NOOP', '10000000 0100 0000 00000000 00000000'],
    ['a route (RTM_NEWROUTE)', '1c000000 1800 0000 00000000 00000000 000000000000000000000000'],
    ['an address of a family that we do not know', '18000000 1400 0000 00000000 00000000 1c00000003000000'],
  ])('%s is left out', (_, hex) => {
    expect(decodeMessages(bytes(hex))).toEqual([]);
  });

  test('several messages of one datagram, in order', () => {
    expect(decodeMessages(Buffer.concat([LINK, BRIDGE_PORT_LEFT, ADDRESS, DONE])).map((message) => message.kind)).toEqual(['link', 'address', 'done']);
  });
});

describe('malformed messages', () => {
  const whole = { LINK, ADDRESS, ADDRESS6_REMOVED, ERROR };

  test.each(Object.entries(whole))('%s cut at any byte is an error of the datagram', (_, message) => {
    for (let length = 1; length < message.length; length++) {
      expect(() => decodeMessages(message.subarray(0, length))).toThrow(NetlinkError);
    }
  });

  test.each(Object.entries(whole))('%s whose header says any shorter length is decoded without the rest, or refused', (_, message) => {
    for (let length = 0; length < message.length; length++) {
      const shorter = Buffer.from(message.subarray(0, Math.max(16, length)));
      shorter.writeUInt32LE(length, 0);
      try {
        expect(decodeMessages(shorter).length).toBeLessThanOrEqual(1);
      } catch (error) {
        expect(error).toBeInstanceOf(NetlinkError);
      }
    }
  });

  test.each([
    ['shorter than its header', '0f000000 1000 0000 00000000 00000000', 0],
    ['longer than the datagram', '11000000 1000 0000 00000000 00000000', 0],
    ['a link without ifinfomsg', '10000000 1000 0000 00000000 00000000', 16],
    ['an attribute of length 0', '24000000 1000 0000 00000000 00000000 00000100030000000000000000000000 00000300', 32],
    ['an attribute beyond its message', '24000000 1000 0000 00000000 00000000 00000100030000000000000000000000 05000300', 32],
    ['a master of two bytes', '26000000 1000 0000 00000000 00000000 00000100030000000000000000000000 06000a000400', 36],
    ['an address of three bytes', '1f000000 1400 0000 00000000 00000000 0218800003000000 07000100 5d0516', 28],
    ['an address message without address', '18000000 1400 0000 00000000 00000000 0218800003000000', 16],
  ])('%s', (_, hex, offset) => {
    expect(() => decodeMessages(bytes(hex))).toThrow(expect.objectContaining({ code: 'NETLINK_MALFORMED', offset }));
  });

  test('no bytes at all make anything but messages or a NetlinkError', () => {
    const types = fc.constantFrom(1, 2, 3, 4, 16, 17, 20, 21);
    fc.assert(fc.property(types, fc.uint8Array({ maxLength: 80 }), fc.integer({ min: -4, max: 4 }), (type, body, lie) => {
      const message = Buffer.concat([Buffer.alloc(16), body]);
      message.writeUInt32LE(message.length + lie, 0);
      message.writeUInt16LE(type, 4);
      try {
        decodeMessages(message);
      } catch (error) {
        expect(error).toBeInstanceOf(NetlinkError);
      }
    }));
  });
});

describe('requests', () => {
  test.each([
    ['links', RTM_GETLINK, '20000000 1200 0103 07000000 00000000 00000000000000000000000000000000'],
    ['addresses', RTM_GETADDR, '18000000 1600 0103 07000000 00000000 0000000000000000'],
  ] as const)('the table of %s', (_, type, hex) => {
    expect(encodeDumpRequest(type, 7)).toEqual(bytes(hex));
  });
});
