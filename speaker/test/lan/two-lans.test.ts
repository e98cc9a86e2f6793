/** Nodes on two LANs, one of which is where the address belongs: eth0 on 93.5.22.0/24, eth1 on 10.77.0.0/24. Heartbeats are cut, so that the LANs alone tell. */
import { core, frameOf, framesOf, KEY, link, macOf, nodeMac, planFor, receive, VIP } from './harness';
import { LanPlan } from '../../src/lan';
import { Address } from '../../src/lan/address';
import { decide } from '../../src/lan/ownership';
import { Peer } from '../../src/lan/peer';
import { ARP_REQUEST, Handover, parseAddress, Reach } from '../../src/wire';
import { Random } from '../simulation/random';
import { World } from '../simulation/world';

/** Nodes with both interfaces, the first of which has the address. What the second LAN tells comes first, always. */
class Rack extends World {
  constructor(candidates: readonly string[]) {
    super(new Random(5), () => undefined, 2);
    const names = [...candidates].sort();
    this.network.lans[1].faults.delayMs = 0.1;
    const plan = (node: string): LanPlan => ({
      node,
      addresses: [{ address: VIP, candidates }],
      peers: names.filter((name) => name !== node).map((name) => ({ node: name, addresses: [`93.5.22.${name.slice(5)}`, `10.77.0.${name.slice(5)}`] })),
    });
    names.forEach(() => this.addNode(plan, [0, 1]));
    this.start(this.nodes.find(({ name }) => name === candidates[0])!);
    this.runUntil(1000);
    for (const node of this.nodes) this.start(node);
    this.runUntil(5000);
    this.nodes.forEach((node, i) => { node.heartbeatGroup = i; });
  }

  answeringOn(lan: number): string[] {
    return this.nodes.filter((node) => this.answers(node, VIP, node.portOn(lan))).map(({ name }) => name);
  }

  /** Who takes the address from now on. */
  takenIn(ms: number): string[] {
    const { length } = this.log;
    this.runUntil(this.now + ms);
    return this.log.slice(length).filter((line) => line.includes('addressAcquired')).map((line) => line.trim().split(' ')[1]);
  }
}

test.each([
  ['the former holder', ['node-44', 'node-45'], 0],
  ['the former holder, which is the last candidate', ['node-45', 'node-44'], 1],
  ['a standby', ['node-44', 'node-45'], 1],
  ['a standby, which is the best candidate now', ['node-45', 'node-44'], 0],
])('whose cable was away leaves the address to its holder, who is heard on both LANs: %s', (_, candidates, pulled) => {
  const rack = new Rack(candidates), node = rack.nodes[pulled];
  rack.setLink(node, false);
  rack.runUntil(8000);
  rack.setLink(node, true);
  expect(rack.takenIn(3000)).toEqual([]);
  expect(rack.answeringOn(0)).toEqual(rack.answeringOn(1));
});

test('who holds the address on the other LAN alone yields there to one that is where it belongs, though it ranks higher', () => {
  const rack = new Rack(['node-44', 'node-45']);
  rack.setLink(rack.nodes[0], false);
  rack.runUntil(7500);
  expect([rack.answeringOn(0), rack.answeringOn(1)]).toEqual([['node-45'], ['node-45']]);
  const sent = rack.network.frames;
  rack.runUntil(9500);
  expect(rack.network.frames - sent).toBeLessThan(100); // neither goes on announcing it
});

test('a cut LAN has a holder on either side: who hears the other one, too, on another LAN knows which of them is on its own', () => {
  const rack = new Rack(['node-44', 'node-45', 'node-46']);
  rack.nodes[2].port.segment = 1;
  rack.nodes[1].heartbeatGroup = 2; // it hears the heartbeats of the one behind the cut, and ranks higher
  expect(rack.takenIn(4000)).toEqual(['node-46']);
  expect(rack.answeringOn(0)).toEqual(['node-44', 'node-46']);
});

test('who loses its place on the LAN where the address belongs asks on the other one, before it misses the holder, who else has it there', () => {
  const rack = new Rack(['node-45', 'node-44', 'node-46']), [a, b, c] = rack.nodes;
  a.heartbeatGroup = b.heartbeatGroup;
  rack.setLink(b, false, b.ports[1]);
  rack.setLink(c, false);
  expect(rack.takenIn(7000)).toEqual(['node-46']); // and no longer announces it
  expect([rack.answeringOn(0), rack.answeringOn(1)]).toEqual([['node-45'], ['node-46']]);
  a.heartbeatGroup = 9;
  rack.setLink(a, false);
  expect(rack.takenIn(2000)).toEqual([]);
});

test('on a LAN that was just joined it is asked for peers that are not heard, also if another hardware address of theirs is known', () => {
  const speaker = core('node-44'), storage = link(0x2c, { index: 3, name: 'storage0', mac: macOf('02:00:0a:4d:00:2c'), addresses: ['10.77.0.44/24'] });
  speaker.setLinks(0, [link(0x2c)]);
  speaker.setKeys(0, [KEY]);
  speaker.setPlan(0, planFor('node-44', { peers: [{ node: 'node-45', addresses: ['93.5.22.45', '10.77.0.45'] }] }));
  receive(speaker, 10, frameOf({ operation: ARP_REQUEST, spa: '93.5.22.45', tpa: '93.5.22.1', sha: nodeMac(0x2d) }));
  for (let now = 0; now < 2000; now += 10) speaker.tick(now);
  const frames = framesOf(speaker.setLinks(2000, [link(0x2c), storage]));
  for (let now = 2000; now < 2200; now += 10) frames.push(...framesOf(speaker.tick(now)));
  expect(frames).toContain('if3 to ff:ff:ff:ff:ff:ff: request 10.77.0.44 at 02:00:0a:4d:00:2c for 10.77.0.45');
});

describe('a holder hears another claim the address, whose heartbeats it does not hear', () => {
  const at = 9900;
  const peer = { node: 'node-45', up: false, reason: 'timeout', downSince: 0, stateOf: () => undefined, reachOf: () => Reach.ON_LINK } as unknown as Peer;
  const self = { node: 'node-44', revision: 5, mayClaim: true, begins: false, assumePeersUp: false, now: 10_000, detectionMs: 300 };
  const holds = (reach: Reach, onLinkAt: number, more: Partial<Address>) => {
    const address = new Address(VIP, parseAddress(VIP)!);
    Object.assign(address, { held: true, reach, candidates: ['node-44', 'node-45'], rival: { node: 'node-45', at, onLinkAt }, ...more });
    return decide(address, self, new Map([['node-45', peer]])).mine;
  };

  test.each([
    ['elsewhere: it keeps the address', Reach.ON_LINK, -Infinity, {}, true],
    ['elsewhere, while it offers the address to a better one: that one was not heard to take it', Reach.ON_LINK, -Infinity, { handover: Handover.TO_BETTER }, true],
    ['where it belongs, while it offers the address: it is taken', Reach.ON_LINK, at, { handover: Handover.TO_BETTER }, false],
    ['and has itself none where it belongs, and ranks higher: it says so', Reach.OFF_LINK, -Infinity, {}, true],
    ['... and has said so a moment ago', Reach.OFF_LINK, -Infinity, { assertedTo: 'node-45', assertedAt: at - 49 }, true],
    ['... and has said so, and the other goes on', Reach.OFF_LINK, -Infinity, { assertedTo: 'node-45', assertedAt: at - 50 }, false],
    ['... and has said so to a third', Reach.OFF_LINK, -Infinity, { assertedTo: 'node-46', assertedAt: at - 50 }, true],
    ['where it belongs, and the other goes on after it has said so: it ranks higher', Reach.ON_LINK, at, { assertedTo: 'node-45', assertedAt: at - 50 }, true],
  ])('%s', (_, reach, onLinkAt, more, mine) => expect(holds(reach, onLinkAt, more)).toBe(mine));
});
