/**
 * Programs for `SO_ATTACH_FILTER` (classic BPF; Documentation/networking/filter.rst of the kernel): they say which frames are worth waking us for.
 *
 * An ordinary LAN has some ARP frames a second, one with a scanner or a storm thousands. The same is true of the
 * neighbour discovery of IPv6. Only those that speak of an address which we may announce, on an interface that we listen on, reach the socket; the kernel drops the others in about 50 ns each.
 *
 * Frames that the kernel has found to be for another host (`PACKET_OTHERHOST`) are dropped, too. An interface that is promiscuous, for us or for somebody else, brings those. So does a
 * trunk: a frame with the tag of a VLAN (IEEE 802.1Q) comes by the interface that was made for that VLAN (`eth0.42`), but if there is none, the kernel takes the tag off and hands the
 * frame over all the same, marked like this. An answer would go out without a tag, into another network than the question came from.
 */

/** One instruction: operation, jumps (in instructions) for true and false, operand. */
type Instruction = readonly [code: number, whenTrue: number, whenFalse: number, operand: number];

const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const JUMP = 0x05;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER = 0x25;
const JUMP_GREATER_OR_EQUAL = 0x35;
const RETURN = 0x06;

/** `SKF_AD_OFF` plus `SKF_AD_PKTTYPE` and `SKF_AD_IFINDEX`: not in the frame, but what the kernel knows of it. */
const PACKET_TYPE = 0xfffff004, INTERFACE_INDEX = 0xfffff008;
const OTHER_HOST = 3;
const WHOLE_FRAME = 0x40000;

/** Offsets within an Ethernet frame that carries ARP (RFC 826). */
const HARDWARE_AND_PROTOCOL = 14, LENGTHS = 18, OPERATION = 20, SENDER = 28, TARGET = 38;
const REPLY = 2;
const ETHERNET_AND_IPV4 = 0x00010800, SIX_AND_FOUR = 0x0604;

/** Offsets within an Ethernet frame that carries ICMPv6 (RFC 8200, RFC 4861). */
const NEXT_HEADER = 20, ICMP_TYPE = 54, NEIGHBOR_TARGET_END = 74;
const ICMPV6 = 58, NEIGHBOR_SOLICITATION = 135, NEIGHBOR_ADVERTISEMENT = 136;

/** Goes on unless the frame is for another host. */
const OF_NO_OTHER_HOST: readonly Instruction[] = [[LOAD_WORD, 0, 0, PACKET_TYPE], [JUMP_EQUAL, 0, 1, OTHER_HOST], [RETURN, 0, 0, 0]];

/** So many ranges keep the program within the memory that the kernel grants by default (net.core.optmem_max). */
const RANGES = 64;

export interface ArpFilter {
  /** Interfaces whose frames are taken; none: no frame is. */
  readonly interfaces: readonly number[];
  /** IPv4 addresses as numbers; a frame is taken if its sender or target is one of them. */
  readonly addresses: readonly number[];
  /** The same of this node: a reply to one of them is taken, too. @default - none */
  readonly own?: readonly number[];
}

/**
 * A program that takes ARP frames (Ethernet, IPv4) of these interfaces and addresses.
 *
 * Many scattered addresses are rounded up to ranges, so it may take some more frames, never fewer.
 */
export function arpFilter({ interfaces, addresses, own = [] }: ArpFilter): Uint8Array {
  const indexes = toRanges(interfaces), ranges = toRanges(addresses), owned = toRanges(own);
  const body = [
    ...OF_NO_OTHER_HOST,
    ...matchOrDrop(LOAD_WORD, HARDWARE_AND_PROTOCOL, ETHERNET_AND_IPV4),
    ...matchOrDrop(LOAD_HALF, LENGTHS, SIX_AND_FOUR),
  ];
  // Laid out from the end, because a jump leads forwards: [interface?][reply to us?][target?][sender?] drop, accept.
  const sender = anyOf(SENDER, ranges, 1); // over "drop"
  const target = anyOf(TARGET, ranges, sender.length + 1);
  const asker = owned.length === 0 ? [] : anyOf(TARGET, owned, target.length + sender.length + 1);
  const reply: Instruction[] = owned.length === 0 ? [] : [[LOAD_HALF, 0, 0, OPERATION], [JUMP_EQUAL, 1, 0, REPLY], [JUMP, 0, 0, asker.length]];
  const link = anyOf(INTERFACE_INDEX, indexes, 1); // over its own "drop"
  return encode([...body, ...link, [RETURN, 0, 0, 0], ...reply, ...asker, ...target, ...sender, [RETURN, 0, 0, 0], [RETURN, 0, 0, WHOLE_FRAME]]);
}

export interface NeighborFilter {
  /** Interfaces whose frames are taken; none: no frame is. */
  readonly interfaces: readonly number[];
  /** Last 32 bits of IPv6 addresses, as numbers; a frame is taken if its target ends in one of them. */
  readonly targets: readonly number[];
}

/**
 * A program that takes Neighbor Solicitations and Advertisements for these targets on these interfaces.
 *
 * Of a target it looks at the last 32 bits, in which the addresses of a cluster usually differ from all others on the LAN, so it may take some more
 * frames, never fewer.
 */
export function neighborFilter({ interfaces, targets }: NeighborFilter): Uint8Array {
  const link = anyOf(INTERFACE_INDEX, toRanges(interfaces), 1); // over its own "drop"
  const target = anyOf(NEIGHBOR_TARGET_END, toRanges(targets), 1);
  return encode([
    ...OF_NO_OTHER_HOST,
    ...matchOrDrop(LOAD_BYTE, NEXT_HEADER, ICMPV6),
    [LOAD_BYTE, 0, 0, ICMP_TYPE], [JUMP_EQUAL, 2, 0, NEIGHBOR_SOLICITATION], [JUMP_EQUAL, 1, 0, NEIGHBOR_ADVERTISEMENT], [RETURN, 0, 0, 0],
    ...link, [RETURN, 0, 0, 0], ...target, [RETURN, 0, 0, 0], [RETURN, 0, 0, WHOLE_FRAME],
  ]);
}

/** Takes nothing; what a socket starts with, until there is something to announce. */
export function nothingFilter(): Uint8Array {
  return encode([[RETURN, 0, 0, 0]]);
}

/** Goes on with the next instruction if the field has the value. */
function matchOrDrop(load: number, offset: number, value: number): Instruction[] {
  return [[load, 0, 0, offset], [JUMP_EQUAL, 1, 0, value], [RETURN, 0, 0, 0]];
}

/** Jumps over its own end and `beyond` instructions more if the word at `offset` is in a range, else goes on after its end. */
function anyOf(offset: number, ranges: readonly Range[], beyond: number): Instruction[] {
  const result: Instruction[] = [[LOAD_WORD, 0, 0, offset]];
  ranges.forEach(([first, last], index) => {
    const left = 3 * (ranges.length - 1 - index);
    result.push([JUMP_GREATER_OR_EQUAL, 0, 2, first], [JUMP_GREATER, 1, 0, last], [JUMP, 0, 0, left + beyond]);
  });
  return result;
}

type Range = readonly [first: number, last: number];

/** At most `RANGES` ranges that hold all the numbers, made by closing the smallest gaps between them. */
function toRanges(numbers: readonly number[]): Range[] {
  const sorted = [...new Set(numbers)].sort((one, other) => one - other);
  if (sorted.length === 0) return [];
  const gaps = sorted.slice(1).map((number, index) => ({ index, width: number - sorted[index] })).filter((gap) => gap.width > 1);
  const kept = gaps.sort((one, other) => other.width - one.width).slice(0, RANGES - 1).map((gap) => gap.index).sort((one, other) => one - other);
  const firsts = [0, ...kept.map((index) => index + 1)], lasts = [...kept, sorted.length - 1];
  return firsts.map((first, index) => [sorted[first], sorted[lasts[index]]]);
}

/** `struct sock_filter`: code (2 bytes), jumps (1 each), operand (4). */
function encode(program: readonly Instruction[]): Uint8Array {
  const result = Buffer.alloc(8 * program.length);
  program.forEach(([code, whenTrue, whenFalse, operand], index) => {
    result.writeUInt16LE(code, 8 * index);
    result.writeUInt8(whenTrue, 8 * index + 2);
    result.writeUInt8(whenFalse, 8 * index + 3);
    result.writeUInt32LE(operand, 8 * index + 4);
  });
  return result;
}
