import * as fc from 'fast-check';
import { arpFilter, neighborFilter, nothingFilter } from '../../src/sys/filter';

const LAN = 2, WIFI = 5;
const VIP = 0x5d051664; // 93.5.22.100

interface Frame {
  readonly interfaceIndex: number;
  readonly sender: number;
  readonly target: number;
  /** @default 1, a request */
  readonly operation?: number;
}

function arpFrame({ sender, target, operation = 1 }: Frame): Buffer {
  const frame = Buffer.alloc(60);
  frame.set(Buffer.from('ffffffffffff0200000000010806000108000604000102000000000100000000', 'hex'));
  frame.writeUInt16BE(operation, 20);
  frame.writeUInt32BE(sender, 28);
  frame.writeUInt32BE(target, 38);
  return frame;
}

function neighborFrame(type: number, target: number, nextHeader = 58): Buffer {
  const frame = Buffer.alloc(86);
  frame.set(Buffer.from('3333ff00010002000000009986dd6000000000203aff', 'hex'));
  frame[20] = nextHeader;
  frame[54] = type;
  frame.writeUInt32BE(target, 74);
  return frame;
}

/** Runs a program as the kernel does, for the instructions that occur in ours. The packet type is what the kernel has found the frame to be: 1, a broadcast. */
function run(program: Uint8Array, frame: Buffer, interfaceIndex: number, packetType = 1): number {
  const code = Buffer.from(program);
  let accumulator = 0;
  for (let pc = 0; ; pc++) {
    const operation = code.readUInt16LE(8 * pc), operand = code.readUInt32LE(8 * pc + 4);
    const jump = (condition: boolean) => { pc += code.readUInt8(8 * pc + (condition ? 2 : 3)); };
    switch (operation) {
      case 0x20:
        if (operand === 0xfffff008) accumulator = interfaceIndex;
        else if (operand === 0xfffff004) accumulator = packetType;
        else if (operand + 4 > frame.length) return 0;
        else accumulator = frame.readUInt32BE(operand);
        break;
      case 0x28:
        if (operand + 2 > frame.length) return 0;
        accumulator = frame.readUInt16BE(operand);
        break;
      case 0x30:
        if (operand + 1 > frame.length) return 0;
        accumulator = frame[operand];
        break;
      case 0x05: pc += operand; break;
      case 0x15: jump(accumulator === operand); break;
      case 0x25: jump(accumulator > operand); break;
      case 0x35: jump(accumulator >= operand); break;
      case 0x06: return operand;
      default: throw new Error(`unknown operation 0x${operation.toString(16)} at ${pc}`);
    }
  }
}

const taken = (program: Uint8Array, frame: Frame) => run(program, arpFrame(frame), frame.interfaceIndex) > 0;

describe('what this node has asked', () => {
  const OWN = 0x5d05162c, CLIENT = 0x5d051602;
  const program = arpFilter({ interfaces: [LAN], addresses: [VIP], own: [OWN, 0xc0a80101] });

  test.each([
    ['a reply to its address', { interfaceIndex: LAN, sender: CLIENT, target: OWN, operation: 2 }, true],
    ['a reply to another of its addresses', { interfaceIndex: LAN, sender: CLIENT, target: 0xc0a80101, operation: 2 }, true],
    ['the same on another interface', { interfaceIndex: WIFI, sender: CLIENT, target: OWN, operation: 2 }, false],
    ['a question for its address, which its kernel answers', { interfaceIndex: LAN, sender: CLIENT, target: OWN }, false],
    ['a reply to somebody else', { interfaceIndex: LAN, sender: CLIENT, target: 0x5d051603, operation: 2 }, false],
    ['a question for an announced address', { interfaceIndex: LAN, sender: CLIENT, target: VIP }, true],
    ['a claim to an announced address', { interfaceIndex: LAN, sender: VIP, target: CLIENT, operation: 2 }, true],
  ])('%s', (_, frame, expected) => expect(taken(program, frame)).toBe(expected));
});

describe('frames of one address on one interface', () => {
  const program = arpFilter({ interfaces: [LAN], addresses: [VIP] });

  test.each([
    ['somebody asks for the address', { interfaceIndex: LAN, sender: 0x5d051602, target: VIP }, true],
    ['a probe for the address (RFC 5227)', { interfaceIndex: LAN, sender: 0, target: VIP }, true],
    ['somebody else claims the address', { interfaceIndex: LAN, sender: VIP, target: 0x5d051602 }, true],
    ['somebody asks for another address', { interfaceIndex: LAN, sender: 0x5d051602, target: VIP + 1 }, false],
    ['the address on another interface', { interfaceIndex: WIFI, sender: 0x5d051602, target: VIP }, false],
  ])('%s', (_, frame, expected) => {
    expect(taken(program, frame)).toBe(expected);
  });

  test.each([
    ['a hardware other than Ethernet', 14, 0x0006],
    ['a protocol other than IPv4', 16, 0x86dd],
    ['lengths that do not fit', 18, 0x0806],
  ])('%s', (_, offset, value) => {
    const frame = arpFrame({ interfaceIndex: LAN, sender: 0, target: VIP });
    frame.writeUInt16BE(value, offset);
    expect(run(program, frame, LAN)).toBe(0);
  });

  test('a frame cut at any byte before its target ends', () => {
    const frame = arpFrame({ interfaceIndex: LAN, sender: 0, target: VIP });
    for (let length = 0; length < 42; length++) expect(run(program, frame.subarray(0, length), LAN)).toBe(0);
    expect(run(program, frame.subarray(0, 42), LAN)).toBeGreaterThan(0);
  });
});

test.each([
  ['no interface', { interfaces: [], addresses: [VIP] }],
  ['no address', { interfaces: [LAN], addresses: [] }],
])('%s: nothing is taken', (_, filter) => {
  expect(taken(arpFilter(filter), { interfaceIndex: LAN, sender: VIP, target: VIP })).toBe(false);
});

test('the filter of a new socket takes nothing', () => {
  expect(taken(nothingFilter(), { interfaceIndex: LAN, sender: VIP, target: VIP })).toBe(false);
});

describe('neighbour discovery for one address on one interface', () => {
  const program = neighborFilter({ interfaces: [LAN], targets: [0x12340100] });

  test.each([
    ['a solicitation', neighborFrame(135, 0x12340100), LAN, true],
    ['an advertisement', neighborFrame(136, 0x12340100), LAN, true],
    ['a router solicitation', neighborFrame(133, 0x12340100), LAN, false],
    ['a router advertisement', neighborFrame(134, 0x12340100), LAN, false],
    ['a redirect', neighborFrame(137, 0x12340100), LAN, false],
    ['an echo request', neighborFrame(128, 0x12340100), LAN, false],
    ['TCP', neighborFrame(135, 0x12340100, 6), LAN, false],
    ['another target', neighborFrame(135, 0x12340101), LAN, false],
    ['another interface', neighborFrame(135, 0x12340100), WIFI, false],
  ])('%s', (_, frame, interfaceIndex, expected) => {
    expect(run(program, frame, interfaceIndex) > 0).toBe(expected);
  });

  test('a frame cut at any byte before its target ends', () => {
    const frame = neighborFrame(135, 0x12340100);
    for (let length = 0; length < 78; length++) expect(run(program, frame.subarray(0, length), LAN)).toBe(0);
    expect(run(program, frame.subarray(0, 78), LAN)).toBeGreaterThan(0);
  });

  test('exactly the wanted frames are taken while the addresses fit into the program, and none is missed when they do not', () => {
    const targets = fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 300 });
    fc.assert(fc.property(targets, fc.nat(), fc.integer({ min: 0, max: 0xffffffff }), (wanted, pick, other) => {
      const one = neighborFilter({ interfaces: [LAN], targets: wanted });
      expect(one.length / 8).toBeLessThan(250);
      if (wanted.length > 0) expect(run(one, neighborFrame(135, wanted[pick % wanted.length]), LAN)).toBeGreaterThan(0);
      if (wanted.length <= 60) expect(run(one, neighborFrame(136, other), LAN) > 0).toBe(wanted.includes(other));
    }));
  });
});

describe.each([
  ['ARP', arpFilter({ interfaces: [LAN], addresses: [VIP] }), arpFrame({ interfaceIndex: LAN, sender: 0, target: VIP })],
  ['neighbour discovery', neighborFilter({ interfaces: [LAN], targets: [0x12340100] }), neighborFrame(135, 0x12340100)],
])('%s that the kernel has found to be', (_, program, frame) => {
  test.each([
    ['for this host', 0, true],
    ['a broadcast', 1, true],
    ['to a group', 2, true],
    ['for another host, or of a VLAN that has no interface here', 3, false],
  ])('%s', (__, packetType, expected) => {
    expect(run(program, frame, LAN, packetType) > 0).toBe(expected);
  });
});

const number = fc.integer({ min: 0, max: 0xffffffff });
const near = fc.integer({ min: 0x0a000000, max: 0x0a000040 });
const interfaces = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 80 });

test('exactly the wanted frames are taken while the addresses fit into the program', () => {
  const addresses = fc.array(near, { maxLength: 60 });
  fc.assert(fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 60 }), addresses, fc.integer({ min: 1, max: 99 }), near, near,
    (indexes, wanted, interfaceIndex, sender, target) => {
      const expected = indexes.includes(interfaceIndex) && (wanted.includes(sender) || wanted.includes(target));
      expect(taken(arpFilter({ interfaces: indexes, addresses: wanted }), { interfaceIndex, sender, target })).toBe(expected);
    }));
});

test('however many addresses there are, none is missed and the program stays small', () => {
  fc.assert(fc.property(interfaces, fc.array(number, { minLength: 1, maxLength: 300 }), fc.nat(), (indexes, wanted, pick) => {
    const program = arpFilter({ interfaces: indexes, addresses: wanted });
    const address = wanted[pick % wanted.length], interfaceIndex = indexes[pick % indexes.length];
    expect(taken(program, { interfaceIndex, sender: 1, target: address })).toBe(true);
    expect(taken(program, { interfaceIndex, sender: address, target: 1 })).toBe(true);
    expect(program.length / 8).toBeLessThan(600);
  }));
});
