/** Clients that were overheard are told one by one when an address moves. */
import {
  advertisement, CLIENT_IP, CLIENT_IP6, CLIENT_MAC, core, describeFrame, duplicateAddressDetection, frameOf, gratuitous, KEY, link, nodeMac,
  planFor, receive, solicitation, VIP, VIP6, whoHas,
} from './harness';
import { LanCore, Outbox } from '../../src/lan';
import { ARP_REQUEST } from '../../src/wire';

const ME = nodeMac(0x2c);
/** A standby: node-45 holds the addresses, as heard on the LAN, and is the better candidate. */
function standby(addresses: readonly string[] = [VIP, VIP6]): LanCore {
  const speaker = core('node-44');
  speaker.setLinks(0, [link(0x2c)]);
  speaker.setKeys(0, [KEY]);
  speaker.setPlan(0, planFor('node-44', {
    addresses: addresses.map((address) => ({ address, candidates: ['node-45', 'node-44'] })),
    peers: [{ node: 'node-45', addresses: ['93.5.22.45'] }],
  }));
  receive(speaker, 10, frameOf({ operation: ARP_REQUEST, spa: '93.5.22.45', tpa: CLIENT_IP, sha: nodeMac(0x2d) }));
  for (const address of addresses) receive(speaker, 10, address.includes(':') ? advertisement(address, nodeMac(0x2d)) : gratuitous(address, nodeMac(0x2d)));
  return speaker;
}

/** Frames to single clients, with their time, up to `until`. */
function unicasts(speaker: LanCore, until: number): string[] {
  const seen: string[] = [];
  const look = (now: number, { frames, frameCount }: Outbox) => {
    for (const { ifindex, bytes, length } of frames.slice(0, frameCount)) {
      const text = describeFrame(ifindex, bytes, length);
      if (bytes[0] % 2 === 0 && !text.includes('255.255.255.255') && !text.includes('solicitation')) seen.push(`${now} ${text}`);
    }
  };
  for (let now = 20; now <= until; now += 5) look(now, speaker.tick(now));
  return seen;
}

const mac = (i: number): string => `02:00:00:01:${(i >> 8).toString(16).padStart(2, '0')}:${(i % 256).toString(16).padStart(2, '0')}`; // eslint-disable-line no-bitwise
const client = (i: number): Uint8Array => whoHas(VIP, { spa: `93.5.${100 + (i >> 8)}.${i % 256}`, sha: mac(i) }); // eslint-disable-line no-bitwise

describe('a client that was overheard', () => {
  test.each([
    ['asking by ARP is asked for itself in the name of the address, which changes its table at once', whoHas(VIP),
      `if2 to ${CLIENT_MAC}: request ${VIP} at ${ME} for ${CLIENT_IP}`],
    ['soliciting has an advertisement with Override', solicitation(VIP6),
      `if2 to ${CLIENT_MAC}: advertisement of ${VIP6} at ${ME} from ${VIP6} to ${CLIENT_IP6} [override]`],
  ])('%s; at the takeover and once again', (_, asking, told) => {
    const speaker = standby();
    receive(speaker, 15, asking);
    const frames = unicasts(speaker, 20_000);
    expect(frames.map((text) => text.slice(text.indexOf(' ') + 1))).toEqual([told, told]);
    const [first, second] = frames.map((text) => Number(text.slice(0, text.indexOf(' '))));
    expect(first).toBeLessThanOrEqual(400);
    expect(second - first).toBe(1100);
    expect(speaker.snapshot(20_000).addresses.map(({ unicastSent }) => unicastSent).sort()).toEqual([0, 2]);
  });

  test.each([
    ['a probe, which nobody sends from an address of its own', whoHas(VIP, { spa: '0.0.0.0' })],
    ['a question to speakers alone', whoHas(VIP, { spa: '255.255.255.255' })],
    ['Duplicate Address Detection', duplicateAddressDetection(VIP6)],
    ['an announcement of the address itself', frameOf({ operation: ARP_REQUEST, spa: VIP, tpa: VIP, sha: nodeMac(0x2d) })],
    ['a sender that gives a group as its hardware address', whoHas(VIP, { sha: '03:00:00:00:00:01' })],
    ['the kernel of another node', whoHas(VIP, { spa: '93.5.22.45', sha: nodeMac(0x2d) })],
    ['a question for an address that is none of ours', whoHas('93.5.22.200')],
  ])('%s makes no client', (_, frame) => {
    const speaker = standby();
    receive(speaker, 15, frame);
    expect(unicasts(speaker, 3000)).toEqual([]);
  });

  test('has the place of its latest question: address, interface and hardware address', () => {
    const speaker = standby();
    receive(speaker, 15, whoHas(VIP, { sha: '02:00:00:00:00:77' }));
    receive(speaker, 16, whoHas(VIP));
    expect(unicasts(speaker, 500)).toEqual([expect.stringContaining(`to ${CLIENT_MAC}`)]);
  });

  test('is one of 64 at most: of more, those heard last, and these first', () => {
    const speaker = standby();
    for (let i = 0; i < 200; i++) receive(speaker, 15 + i / 1000, client(i));
    const frames = unicasts(speaker, 1000).map((text) => /to (\S+):/.exec(text)![1]);
    expect(frames).toEqual(Array.from({ length: 64 }, (_, i) => mac(199 - i)));
  });

  test('many clients of many addresses are told at a bounded rate, broadcasts first', () => {
    const addresses = Array.from({ length: 20 }, (_, i) => `93.5.22.${100 + i}`);
    const speaker = standby(addresses);
    for (const address of addresses) for (let i = 0; i < 30; i++) receive(speaker, 15, whoHas(address, { spa: `93.5.22.${i}`, sha: mac(i) }));
    const times = unicasts(speaker, 1000).map((text) => Number(text.slice(0, text.indexOf(' '))));
    expect(times).toHaveLength(600);
    const perTurn = times.filter((time) => time === times[0] + 5);
    expect(perTurn).toHaveLength(64);
    expect(times[599] - times[0]).toBe(45);
  });

  test('is not told when the address is lost meanwhile, nor after it has left the plan', () => {
    const speaker = standby();
    receive(speaker, 15, whoHas(VIP));
    expect(unicasts(speaker, 500)).toHaveLength(1);
    speaker.setPlan(505, planFor('node-44', { addresses: [] }));
    speaker.setPlan(510, planFor('node-44'));
    expect(unicasts(speaker, 3000)).toEqual([]);
  });
});
