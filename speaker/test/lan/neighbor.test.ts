/** IPv6: what is answered, announced and heeded on the LAN; and that both families are one thing to ownership. */
import {
  advertisement, ALL_NODES_MAC, CLIENT_IP6, CLIENT_MAC, codesOf, core, duplicateAddressDetection, framesOf, KEY, link, linkLocal, nodeMac, planFor,
  receive, solicitation, VIP, VIP6, whoHas,
} from './harness';
import { LanCore, LanPlan, Link } from '../../src/lan';
import { AddressMap } from '../../src/lan/address-map';
import { parseAddress } from '../../src/wire';
import { Random } from '../simulation/random';
import { DETECTION_MS, World } from '../simulation/world';

const SOLICITED_NODE_MAC = '33:33:ff:00:01:00';
const SOLICITED_NODE = 'ff02::1:ff00:100';
const OWN = { node: 'node-44', mac: nodeMac(44), from: linkLocal(44) };
const UNSOLICITED = `if2 to ${ALL_NODES_MAC}: advertisement of ${VIP6} at ${OWN.mac} from ${VIP6} to ff02::1 [override]`;

function planOf6(overrides: Partial<LanPlan> = {}): LanPlan {
  return planFor('node-44', { addresses: [{ address: VIP6, candidates: ['node-44'] }], ...overrides });
}

function lone(plan: Partial<LanPlan> = {}, links: Link[] = [link(44)]): LanCore {
  const speaker = core('node-44');
  speaker.setLinks(0, links);
  speaker.setPlan(0, planOf6(plan));
  return speaker;
}

function dropsOf(speaker: LanCore): [string, number][] {
  return Object.entries(speaker.snapshot(10).frameDrops).filter(([, count]) => count > 0);
}

describe('answering Neighbor Solicitations', () => {
  test('one for a held address is answered to its source alone: solicited, without override, no router', () => {
    expect(receive(lone(), 10, solicitation(VIP6))).toEqual([
      `if2 to ${CLIENT_MAC}: advertisement of ${VIP6} at ${OWN.mac} from ${VIP6} to ${CLIENT_IP6} [solicited]`,
    ]);
  });

  test('the answer, octet by octet', () => {
    const request = solicitation(VIP6);
    const { frames: [{ ifindex, bytes, length }], frameCount } = lone().receiveFrame(10, 2, request, request.length);
    expect([ifindex, frameCount]).toEqual([2, 1]);
    expect(Buffer.from(bytes.subarray(0, length)).toString('hex')).toBe([
      '020000000099', '02005d05162c', '86dd', '60000000', '0020', '3a', 'ff', 'fd930005002200000000000000000100', 'fd930005002200000000000000000009',
      '88', '00', 'c538', '40000000', 'fd930005002200000000000000000100', '02', '01', '02005d05162c',
    ].join(''));
  });

  test.each([
    ['sent to us alone, as to see whether we are still here', { to: VIP6, destination: OWN.mac }],
    ['sent to us alone without a source link-layer address: its source has one', { to: VIP6, destination: OWN.mac, bare: true }],
    ['from a link-local address', { from: 'fe80::9' }],
  ])('answered: %s', (_, overrides) => {
    const to = (overrides as { from?: string }).from ?? CLIENT_IP6;
    expect(receive(lone(), 10, solicitation(VIP6, overrides))).toEqual([
      `if2 to ${CLIENT_MAC}: advertisement of ${VIP6} at ${OWN.mac} from ${VIP6} to ${to} [solicited]`,
    ]);
  });

  test('Duplicate Address Detection is answered to all nodes, unsolicited and with override, so that the other gives way', () => {
    expect(receive(lone(), 10, duplicateAddressDetection(VIP6))).toEqual([UNSOLICITED]);
  });

  test.each([
    ['an advertisement for an address that nobody plans', advertisement('fd93:5:22::9', CLIENT_MAC), 2, 'notRequest'],
    ['to a group without a source link-layer address', solicitation(VIP6, { bare: true }), 2, 'noSourceLinkLayerAddress'],
    ['to somebody else, seen in promiscuous mode', solicitation(VIP6, { destination: '02:00:00:00:00:aa' }), 2, 'ethernetDestination'],
    ['for an address not in the plan', solicitation('fd93:5:22::101'), 2, 'notPlanned'],
    ['for an address with the same solicited-node group', solicitation('fd93:5:23::100'), 2, 'notPlanned'],
    ['on an interface that does not take part', solicitation(VIP6), 9, 'unknownInterface'],
    ['our own frame, come back', solicitation(VIP6, { mac: OWN.mac }), 2, 'ownFrame'],
    ['cut short', solicitation(VIP6).subarray(0, 77), 2, 'truncated'],
    ['forwarded by a router', solicitation(VIP6).fill(254, 21, 22), 2, 'hopLimit'],
    ['with a wrong checksum', solicitation(VIP6).fill(0, 56, 58), 2, 'checksum'],
    ['another protocol of IPv6', solicitation(VIP6).fill(17, 20, 21), 2, 'notNeighborDiscovery'],
  ] as const)('not answered: %s', (_, frame, ifindex, drop) => {
    const speaker = lone();
    expect(receive(speaker, 10, frame, ifindex)).toEqual([]);
    expect(dropsOf(speaker)).toEqual([[drop, 1]]);
  });

  test('an address announced on one interface is not answered for on another', () => {
    const speaker = lone({ addresses: [{ address: VIP6, candidates: ['node-44'], interfaces: ['eth0'] }] }, [
      link(44), link(44, { index: 3, name: 'eth1', mac: Uint8Array.of(2, 0, 0, 0, 1, 44) }),
    ]);
    expect(receive(speaker, 10, solicitation(VIP6), 3)).toEqual([]);
    expect(receive(speaker, 10, solicitation(VIP6), 2)).toHaveLength(1);
    expect(dropsOf(speaker)).toEqual([['notAnnouncedHere', 1]]);
  });

  test('an interface without a link-local address has no IPv6, and serves IPv4 all the same', () => {
    const both = [{ address: VIP6, candidates: ['node-44'] }, { address: VIP, candidates: ['node-44'] }];
    const speaker = lone({ addresses: both }, [link(44, { addresses: ['93.5.22.44/24', 'fd93:5:22::44/64'] })]);
    expect([receive(speaker, 10, solicitation(VIP6)), receive(speaker, 10, whoHas(VIP))]).toEqual([[], [expect.stringContaining('reply')]]);
    expect(codesOf(speaker.setLinks(20, [link(44)]))).toEqual(['addressAcquired onlyCandidate']);
    expect(receive(speaker, 30, solicitation(VIP6))).toHaveLength(1);
  });

  test('questions and answers are counted by address', () => {
    const speaker = lone();
    for (let i = 0; i < 3; i++) receive(speaker, 10 + i, solicitation(VIP6));
    expect(speaker.snapshot(20).addresses[0]).toMatchObject({ address: VIP6, requestsReceived: 3, responsesSent: 3, gratuitousSent: 1, held: true });
  });
});

describe('announcing a takeover', () => {
  test('one advertisement to all nodes, with override, on the schedule of IPv4', () => {
    const speaker = core('node-44');
    speaker.setLinks(0, [link(44)]);
    expect(framesOf(speaker.setPlan(0, planOf6()))).toEqual([UNSOLICITED]);
    const at: number[] = [];
    for (let now = 10; now < 70_000; now += 10) {
      const frames = framesOf(speaker.tick(now));
      if (frames.length > 0) at.push(now);
      expect([[], [UNSOLICITED]]).toContainEqual(frames);
    }
    expect(at).toEqual([1100, 2200, 3300, 4400, 61_400]);
  });
});

/** A holder whose peers are not heard; node-45's hardware address is known from its kernel. */
function holder(candidates: readonly string[], peerAddress = 'fd93:5:22::45'): LanCore {
  const speaker = core('node-44');
  speaker.setLinks(0, [link(44)]);
  speaker.setKeys(0, [KEY]);
  speaker.setPlan(0, planOf6({ addresses: [{ address: VIP6, candidates }], peers: [{ node: 'node-45', addresses: [peerAddress] }] }));
  const kernel = advertisement('fd93:5:22::45', nodeMac(45), { to: OWN.from, destination: OWN.mac, solicited: true });
  receive(speaker, 10, kernel);
  runTo(speaker, 0, 2000);
  return speaker;
}

function runTo(speaker: LanCore, from: number, to: number): string[] {
  const frames: string[] = [];
  for (let now = from; now <= to; now += 10) frames.push(...framesOf(speaker.tick(now)));
  return frames;
}

describe('another speaker claims the address', () => {
  const claim = advertisement(VIP6, nodeMac(45));

  test('one that ranks higher: this one is silent from that packet on', () => {
    const speaker = holder(['node-45', 'node-44']);
    expect(receive(speaker, 2000, solicitation(VIP6))).toHaveLength(1);
    expect(speaker.receiveFrame(2001, 2, claim, claim.length).events).toEqual([{ code: 'addressLost', address: VIP6, reason: 'claimHeard', to: 'node-45' }]);
    expect(receive(speaker, 2002, solicitation(VIP6))).toEqual([]);
    expect(speaker.snapshot(2002)).toMatchObject({ frameDrops: { claim: 1, notHeld: 1 }, addresses: [{ held: false, holder: 'node-45' }] });
  });

  test('an answer to somebody is a claim too, whatever its flags', () => {
    const speaker = holder(['node-45', 'node-44']);
    const answer = advertisement(VIP6, nodeMac(45), { to: OWN.from, destination: OWN.mac, solicited: true, override: false });
    expect(codesOf(speaker.receiveFrame(2001, 2, answer, answer.length))).toEqual(['addressLost claimHeard']);
  });

  test('... as long as it is heard: it is asked in a frame to it alone; when it falls silent too, the address comes back', () => {
    const speaker = holder(['node-45', 'node-44']);
    speaker.receiveFrame(2001, 2, claim, claim.length);
    const probes = runTo(speaker, 2010, 2290);
    expect(probes.length).toBeGreaterThanOrEqual(2);
    expect(new Set(probes)).toEqual(new Set([`if2 to ${nodeMac(45)}: solicitation for ${VIP6} at ${OWN.mac} from ${OWN.from} to ${SOLICITED_NODE} []`]));
    runTo(speaker, 2300, 2450);
    expect(receive(speaker, 2460, solicitation(VIP6))).toHaveLength(1);
  });

  test('one that ranks lower: it is told at once, but not more than once in a detection time', () => {
    const speaker = holder(['node-44', 'node-45']);
    const told = [2001, 2002, 2302].map((now) => {
      if (now > 2002) runTo(speaker, 2010, now);
      return framesOf(speaker.receiveFrame(now, 2, claim, claim.length)).filter((frame) => frame === UNSOLICITED).length;
    });
    expect(told).toEqual([1, 0, 1]);
  });

  test('one that was never heard is asked for by the addresses of its Node, and known by its answer', () => {
    const speaker = core('node-44');
    speaker.setLinks(0, [link(44)]);
    speaker.setKeys(0, [KEY]);
    const plan = planOf6({ addresses: [{ address: VIP6, candidates: ['node-45', 'node-44'] }], peers: [{ node: 'node-45', addresses: ['fd93:5:22::45'] }] });
    const asked = [...framesOf(speaker.setPlan(0, plan)), ...runTo(speaker, 10, 200)];
    expect(asked).toContain(`if2 to 33:33:ff:00:00:45: solicitation for fd93:5:22::45 at ${OWN.mac} from ${OWN.from} to ff02::1:ff00:45 []`);
    expect(asked).toContain(`if2 to ${SOLICITED_NODE_MAC}: solicitation for ${VIP6} at ${OWN.mac} from ${OWN.from} to ${SOLICITED_NODE} []`);
  });
});

test('an interface that gets IPv6 while peers are not heard is listened to before anything is taken on it', () => {
  const speaker = holder(['node-44', 'node-45']);
  speaker.setLinks(2000, [link(44, { addresses: ['93.5.22.44/24'] })]);
  runTo(speaker, 2000, 2500);
  expect(codesOf(speaker.setLinks(2510, [link(44)]))).toEqual([]);
  expect(runTo(speaker, 2520, 2700)).toContain(`if2 to ${SOLICITED_NODE_MAC}: solicitation for ${VIP6} at ${OWN.mac} from ${OWN.from} to ${SOLICITED_NODE} []`);
  runTo(speaker, 2700, 2900);
  expect(receive(speaker, 2910, solicitation(VIP6))).toHaveLength(1);
});

test('a claim on another network than the address belongs to takes nothing from a holder that is where it belongs', () => {
  const speaker = holder(['node-45', 'node-44']);
  speaker.setLinks(2000, [link(44), link(44, { index: 3, name: 'storage0', mac: Uint8Array.of(2, 0, 0, 0, 1, 44), addresses: ['fe80::1:44/64'] })]);
  const claim = advertisement(VIP6, nodeMac(45));
  expect(codesOf(speaker.receiveFrame(2010, 3, claim, claim.length))).toEqual([]);
  expect(codesOf(speaker.receiveFrame(2020, 2, claim, claim.length))).toEqual(['addressLost claimHeard']);
});

describe('a stranger uses the address', () => {
  const stranger = advertisement(VIP6, '02:00:00:00:00:aa');

  test('it is reported and defended once in ten seconds, and never fought over', () => {
    const speaker = lone();
    const outbox = speaker.receiveFrame(100, 2, stranger, stranger.length);
    expect(outbox.events).toEqual([{ code: 'addressConflict', address: VIP6, mac: '02:00:00:00:00:aa', interface: 'eth0', held: true, defended: true }]);
    expect(framesOf(outbox)).toEqual([UNSOLICITED]);
    for (let now = 110; now < 300; now += 10) expect(speaker.receiveFrame(now, 2, stranger, stranger.length).empty).toBe(true);
    expect(speaker.snapshot(300)).toMatchObject({ frameDrops: { conflict: 20 }, addresses: [{ conflicts: 20, held: true }] });
  });

  test('one that does not say its hardware address is known by its frames', () => {
    const bare = advertisement(VIP6, '02:00:00:00:00:aa', { bare: true });
    expect(lone().receiveFrame(100, 2, bare, bare.length).events).toEqual([expect.objectContaining({ code: 'addressConflict', mac: '02:00:00:00:00:aa' })]);
  });

  test('one that asks first is answered, which is no conflict', () => {
    const request = duplicateAddressDetection(VIP6, { mac: '02:00:00:00:00:aa' });
    expect(lone().receiveFrame(100, 2, request, request.length).events).toEqual([]);
  });
});

describe('both families', () => {
  const NAMES = ['node-44', 'node-45', 'node-46'];
  const addresses = Array.from({ length: 300 }, (_, i) => i % 2 === 0 ? `fd93:5:22::1:${i.toString(16)}` : `93.5.${Math.floor(i / 250) + 23}.${i % 250}`);

  test('hundreds of addresses of both, in many datagrams, all move together', () => {
    const world = new World(new Random(1));
    for (let i = 0; i < NAMES.length; i++) {
      world.addNode((node) => ({
        node,
        addresses: addresses.map((address) => ({ address, candidates: NAMES })),
        peers: NAMES.filter((name) => name !== node).map((name) => ({ node: name, addresses: [`fd93:5:22::${name.slice(5)}`] })),
      }));
    }
    const [a, b] = world.nodes;
    for (const node of world.nodes) world.start(node);
    world.runUntil(1000);
    const holders = () => new Set(addresses.map((address) => world.nodes.filter((node) => world.answers(node, address)).map(({ name }) => name).join(' ')));
    expect(holders()).toEqual(new Set([a.name]));
    world.kill(a);
    world.runUntil(1000 + DETECTION_MS + 150);
    expect(holders()).toEqual(new Set([b.name]));
    world.runUntil(8000);
    expect([holders(), world.violations]).toEqual([new Set([b.name]), []]);
  });

  test('an address given twice in different spelling cannot be: only canonical texts are taken', () => {
    const twice = planOf6({ addresses: [{ address: 'fd93:5:22::100', candidates: [] }, { address: 'FD93:5:22::100', candidates: [] }] });
    expect(() => core('node-44').setPlan(0, twice)).toThrow(expect.objectContaining({ code: 'LAN_PLAN_ADDRESS' }));
    expect(() => core('node-44').setPlan(0, planOf6({ addresses: [...planOf6().addresses, ...planOf6().addresses] })))
      .toThrow(expect.objectContaining({ code: 'LAN_PLAN_ADDRESS_TWICE' }));
  });

  test('are found by number and by octets; what is set again is replaced', () => {
    const map = new AddressMap<string>();
    const texts = ['93.5.22.100', '192.168.1.1', 'fd93:5:22::100', 'fd93:5:23::100', 'fd93:5:22::1:100', '::'];
    for (const text of [...texts, ...texts]) map.set(parseAddress(text)!, text);
    const octets = Buffer.from('aafd930005002300000000000000000100', 'hex');
    expect([map.ofIpv4(0x5d051664), map.ofIpv4(-0x3f57feff), map.ofIpv4(7), map.ofIpv6(octets, 1), map.ofIpv6(new Uint8Array(16))])
      .toEqual(['93.5.22.100', '192.168.1.1', undefined, 'fd93:5:23::100', '::']);
    expect(map.ofIpv6(octets.subarray(0, 16))).toBeUndefined();
    map.clear();
    expect([map.ofIpv4(0x5d051664), map.ofIpv6(octets, 1)]).toEqual([undefined, undefined]);
  });
});
