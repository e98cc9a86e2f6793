import { ETH0, FakeLinks, started } from './fakes';
import { Link } from '../../src/lan';
import { ArpFrame, classifyArp, decodeArp, decodeNeighbor, formatIpv4, NeighborFrame } from '../../src/wire';

/* An interface that is up and takes nothing of what is sent. */

const ENOBUFS = 105;
const LAN = { ...ETH0, addresses: ['93.5.22.44/24', 'fe80::2c/64'] };
const WIFI = { ...LAN, index: 3, name: 'wlan0', mac: new Uint8Array([2, 0, 0, 0, 0, 3]), addresses: ['10.88.0.44/24'] };
const ARP = '0806', IPV6 = '86dd';
/** A frame of a protocol, as far as that matters here. */
const frame = (ifindex: number, etherType: string) => ({ ifindex, bytes: Buffer.from(`ffffffffffff020000000002${etherType}00`, 'hex') });

/** A loop whose interfaces take frames as `refuses` says: by interface and protocol. */
function looping() {
  const { core, around, loop } = started();
  const links = around.linkSources[0] as FakeLinks;
  links.pending.push([LAN, WIFI]);
  loop.turn();
  core.calls.length = 0;
  const refuses = new Set<string>(), attempts: { at: number; ifindex: number; bytes: Buffer }[] = [];
  around.packets.send = (ifindex, bytes, length) => {
    attempts.push({ at: around.time, ifindex, bytes: Buffer.from(bytes.subarray(0, length)) });
    return refuses.has(`${ifindex} ${Buffer.from(bytes.subarray(12, 14)).toString('hex')}`) ? ENOBUFS : 0;
  };
  /** The core sends these now. */
  const send = (...frames: { ifindex: number; bytes: Uint8Array }[]) => {
    core.frames = frames;
    around.frames.push({ ifindex: 2, text: 'question' });
    loop.turn();
  };
  const pass = (ms: number) => {
    const end = around.time + ms;
    for (loop.turn(); around.armed.at(-1)! <= end; loop.turn()) {
      around.time = Math.max(around.time, around.armed.at(-1)!);
      loop.turn();
    }
    around.time = end;
  };
  const up = () => core.calls.filter(([name]) => name === 'setLinks').map(([, at, given]) => (
    `${at}: ${(given as Link[]).flatMap((link) => link.up ? link.name : []).join()}`
  ));
  const givenUp = () => {
    around.commands.push({ type: 'snapshot', id: 1 });
    loop.turn();
    const report = around.reports.at(-1)!;
    return report.type === 'snapshot' ? report.snapshot.loop.givenUp : undefined;
  };
  return { core, around, loop, links, refuses, attempts, send, pass, up, givenUp };
}

test('is down for the core after a second, and up again as soon as it takes a frame', () => {
  const { refuses, send, pass, up, givenUp, around } = looping();
  refuses.add(`2 ${ARP}`);
  send(frame(2, ARP));
  pass(999);
  expect([up(), givenUp()]).toEqual([[], []]);
  pass(251);
  expect([up(), givenUp()]).toEqual([['2000: wlan0'], ['eth0']]);
  pass(10_000);
  refuses.clear();
  pass(250);
  expect(up()).toEqual(['2000: wlan0', '12500: eth0,wlan0']);
  expect(givenUp()).toEqual([]);
  expect(around.problems()).toEqual([
    expect.stringContaining('could not be sent (ENOBUFS)'), expect.stringContaining('an interface takes no frames'), 'an interface takes frames again',
  ]);
});

test('is tried four times a second, and no more once it takes something', () => {
  const { refuses, send, pass, attempts, around } = looping();
  refuses.add(`2 ${ARP}`);
  send(frame(2, ARP));
  pass(600);
  refuses.clear();
  pass(5_000);
  expect(attempts.map(({ at, ifindex }) => [at, ifindex])).toEqual([[1000, 2], [1250, 2], [1500, 2], [1750, 2]]);
  expect(around.armed.at(-1)).toBe(Infinity);
});

test('is asked to send what changes nobody\'s tables: a probe for the node\'s own address', () => {
  const { refuses, send, pass, attempts } = looping();
  for (const protocol of [ARP, IPV6]) refuses.add(`2 ${protocol}`);
  send(frame(2, ARP), frame(2, IPV6));
  pass(250);
  const [, , arp, solicitation] = attempts.map(({ bytes }) => bytes);
  const probe = new ArpFrame(), neighbor = new NeighborFrame();
  expect(decodeArp(arp, arp.length, probe)).toBeUndefined();
  expect([classifyArp(probe), formatIpv4(probe.targetProtocolAddress), Buffer.from(probe.source)]).toEqual(['probe', '93.5.22.44', Buffer.from(LAN.mac)]);
  expect(decodeNeighbor(solicitation, solicitation.length, neighbor)).toBeUndefined();
  expect(Buffer.from(neighbor.target).toString('hex')).toBe('fe80000000000000000000000000002c');
  expect([...neighbor.sourceAddress].every((octet) => octet === 0)).toBe(true);
});

test.each([
  ['ARP alone', [ARP]], ['neighbour discovery alone', [IPV6]], ['both', [ARP, IPV6]],
])('that takes no %s is given up, and used again when it takes all', (_, protocols) => {
  const { refuses, send, pass, up } = looping();
  for (const protocol of protocols) refuses.add(`2 ${protocol}`);
  send(frame(2, ARP), frame(2, IPV6));
  pass(1_000);
  expect(up()).toEqual(['2000: wlan0']);
  for (const protocol of protocols) {
    refuses.delete(`2 ${protocol}`);
    pass(250);
  }
  expect(up().at(-1)).toBe(`${2000 + 250 * protocols.length}: eth0,wlan0`);
});

test.each<[string, (at: ReturnType<typeof looping>) => void]>([
  ['takes a frame now and then', ({ refuses, send, pass }) => {
    for (let turn = 0; turn < 10; turn++) {
      refuses.add(`2 ${ARP}`);
      send(frame(2, ARP));
      pass(900);
      refuses.clear();
      send(frame(2, ARP));
    }
  }],
  ['takes what the core sends, though attempts have failed', ({ refuses, send, pass }) => {
    refuses.add(`2 ${ARP}`);
    send(frame(2, ARP));
    pass(240);
    refuses.clear();
    send(frame(2, ARP));
    pass(2_000);
  }],
  ['refuses nothing but a burst', ({ around, refuses, send, pass }) => {
    refuses.add(`2 ${ARP}`);
    send(...Array.from({ length: 64 }, () => frame(2, ARP)));
    around.time += 200;
    refuses.clear();
    pass(5_000);
  }],
])('that %s stays in use', (_, happens) => {
  const at = looping();
  happens(at);
  expect([at.up(), at.givenUp()]).toEqual([[], []]);
});

test('that goes down meanwhile is the kernel\'s matter, and has another chance when it is up', () => {
  const { refuses, send, pass, up, givenUp, links, loop, attempts } = looping();
  refuses.add(`2 ${ARP}`);
  send(frame(2, ARP));
  pass(1_000);
  links.pending.push([{ ...LAN, up: false }, WIFI]);
  loop.turn();
  const before = attempts.length;
  pass(3_000);
  expect([attempts.length - before, givenUp()]).toEqual([0, []]);
  links.pending.push([LAN, WIFI]);
  loop.turn();
  expect(up().at(-1)).toMatch(/: eth0,wlan0$/);
});

test('a heartbeat that cannot be sent says nothing about an interface', () => {
  const { core, around, pass, loop, up } = looping();
  around.sendErrno = 1;
  core.datagrams = [{ to: '93.5.22.45', bytes: Buffer.from('beat') }];
  around.frames.push({ ifindex: 2, text: 'question' });
  loop.turn();
  pass(3_000);
  expect(up()).toEqual([]);
});
