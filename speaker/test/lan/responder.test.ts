import { BROADCAST, CLIENT_IP, CLIENT_MAC, codesOf, core, framesOf, gratuitous, link, nodeMac, planFor, receive, VIP, whoHas } from './harness';
import { LanPlan, Link } from '../../src/lan';
import { ARP_REPLY } from '../../src/wire';

function lone(plan: Partial<LanPlan> = {}, links: Link[] = [link(0x2c)]) {
  const speaker = core('node-44');
  speaker.setLinks(0, links);
  speaker.setPlan(0, planFor('node-44', plan));
  return speaker;
}

describe('answering ARP requests', () => {
  test('a request for a held address is answered to its sender alone, with the hardware address of the receiving interface', () => {
    expect(receive(lone(), 10, whoHas(VIP))).toEqual([`if2 to ${CLIENT_MAC}: reply ${VIP} at ${nodeMac(0x2c)} for ${CLIENT_IP}`]);
  });

  test('the answer, octet by octet', () => {
    const speaker = lone();
    const request = whoHas(VIP);
    const outbox = speaker.receiveFrame(10, 2, request, request.length);
    expect(outbox.frameCount).toBe(1);
    const { ifindex, bytes, length } = outbox.frames[0];
    expect(ifindex).toBe(2);
    expect(Buffer.from(bytes.subarray(0, length)).toString('hex')).toBe([
      '020000000099', '02005d05162c', '0806', '0001', '0800', '06', '04', '0002',
      '02005d05162c', '5d051664', '020000000099', '5d051609',
    ].join(''));
  });

  test.each([
    ['sent to our own hardware address', { destination: nodeMac(0x2c) }],
    ['a probe from 0.0.0.0', { spa: '0.0.0.0' }],
    ['an answer goes to the sender hardware address, not to the Ethernet source', { source: '02:00:00:00:00:aa' }],
  ])('answered: %s', (_, packet) => {
    const frames = receive(lone(), 10, whoHas(VIP, packet));
    expect(frames).toHaveLength(1);
    expect(frames[0]).toContain(`to ${CLIENT_MAC}: reply ${VIP}`);
  });

  test.each([
    ['a reply', whoHas(VIP, { operation: ARP_REPLY }), 2, 'notRequest'],
    ['to somebody else, seen in promiscuous mode', whoHas(VIP, { destination: '02:00:00:00:00:aa' }), 2, 'ethernetDestination'],
    ['for an address not in the plan', whoHas('93.5.22.101'), 2, 'notPlanned'],
    ['on an interface that does not take part', whoHas(VIP), 9, 'unknownInterface'],
    ['our own frame, come back', whoHas(VIP, { sha: nodeMac(0x2c) }), 2, 'ownFrame'],
    ['cut short', whoHas(VIP).subarray(0, 41), 2, 'truncated'],
    ['another protocol', whoHas(VIP).fill(0x86, 12, 13), 2, 'notArp'],
    ['another hardware type', whoHas(VIP).fill(6, 15, 16), 2, 'hardwareType'],
    ['another protocol type', whoHas(VIP).fill(0x86, 16, 17), 2, 'protocolType'],
    ['other address lengths', whoHas(VIP).fill(16, 19, 20), 2, 'addressLength'],
  ] as const)('not answered: %s', (_, frame, ifindex, drop) => {
    const speaker = lone();
    expect(receive(speaker, 10, frame, ifindex)).toEqual([]);
    const { frameDrops } = speaker.snapshot(10);
    expect(Object.entries(frameDrops).filter(([, count]) => count > 0)).toEqual([[drop, 1]]);
  });

  test('an address announced on one interface is not answered for on another', () => {
    const speaker = lone({ addresses: [{ address: VIP, candidates: ['node-44'], interfaces: ['eth0'] }] }, [
      link(0x2c), link(0x2c, { index: 3, name: 'eth1', mac: Uint8Array.of(2, 0, 0, 0, 1, 0x2c) }),
    ]);
    expect(receive(speaker, 10, whoHas(VIP), 3)).toEqual([]);
    expect(receive(speaker, 10, whoHas(VIP), 2)).toHaveLength(1);
    expect(speaker.snapshot(10).frameDrops.notAnnouncedHere).toBe(1);
  });

  test('an address above 127.255.255.255 is an address like any other', () => {
    const speaker = lone({ addresses: [{ address: '192.168.255.254', candidates: ['node-44'] }] });
    expect(receive(speaker, 10, whoHas('192.168.255.254'))).toEqual([
      `if2 to ${CLIENT_MAC}: reply 192.168.255.254 at ${nodeMac(0x2c)} for ${CLIENT_IP}`,
    ]);
  });

  test('requests and answers are counted by address', () => {
    const speaker = lone();
    for (let i = 0; i < 3; i++) receive(speaker, 10 + i, whoHas(VIP));
    expect(speaker.snapshot(20).addresses[0]).toMatchObject({ requestsReceived: 3, responsesSent: 3, gratuitousSent: 2, held: true, holder: 'node-44' });
  });
});

describe('announcing a takeover', () => {
  const burst = [`if2 to ${BROADCAST}: request ${VIP} at ${nodeMac(0x2c)} for ${VIP}`, `if2 to ${BROADCAST}: reply ${VIP} at ${nodeMac(0x2c)} for ${VIP}`];

  test('a lone node claims at once, with one request and one reply', () => {
    const speaker = core('node-44');
    speaker.setLinks(0, [link(0x2c)]);
    const outbox = speaker.setPlan(0, planFor('node-44'));
    expect(framesOf(outbox)).toEqual(burst);
    expect(outbox.events).toEqual([{ code: 'addressAcquired', address: VIP, interfaces: ['eth0'], reason: 'onlyCandidate', from: undefined }]);
  });

  test('bursts follow each 1.1 s for 5 s, and then one a minute or a little sooner', () => {
    const speaker = lone();
    const at: number[] = [];
    for (let now = 10; now < 200_000; now += 10) {
      const outbox = speaker.tick(now);
      if (outbox.frameCount > 0) at.push(now);
    }
    expect(at.slice(0, 4)).toEqual([1100, 2200, 3300, 4400]);
    expect(at.slice(4)).toEqual([61_400, 118_400, 175_400]);
  });

  test('an interface that comes up is announced on', () => {
    const speaker = lone();
    const second = link(0x2c, { index: 3, name: 'eth1', mac: Uint8Array.of(2, 0, 0, 0, 1, 0x2c), addresses: [] });
    const frames = framesOf(speaker.setLinks(10, [link(0x2c), second]));
    expect(frames).toHaveLength(4);
    expect(frames[2]).toBe(`if3 to ${BROADCAST}: request ${VIP} at 02:00:00:00:01:2c for ${VIP}`);
  });

  test('an address taken out of the plan is silent at once', () => {
    const speaker = lone();
    const outbox = speaker.setPlan(10, planFor('node-44', { addresses: [] }));
    expect(codesOf(outbox)).toEqual(['addressLost removedFromPlan']);
    expect(outbox.frameCount).toBe(0);
    expect(receive(speaker, 20, whoHas(VIP))).toEqual([]);
    expect(framesOf(speaker.tick(1200))).toEqual([]);
  });

  test('... and announced at once when it is back, however soon', () => {
    const speaker = lone();
    speaker.setPlan(10, planFor('node-44', { addresses: [] }));
    expect(framesOf(speaker.setPlan(20, planFor('node-44')))).toEqual(burst);
  });

  test('a stranger that uses the address is reported, and answered at most once in 10 s', () => {
    const speaker = lone();
    const stranger = gratuitous(VIP, '02:00:00:00:00:66');
    const first = speaker.receiveFrame(100, 2, stranger, stranger.length);
    expect(first.events).toEqual([{ code: 'addressConflict', address: VIP, mac: '02:00:00:00:00:66', interface: 'eth0', held: true, defended: true }]);
    expect(framesOf(first)).toEqual(burst);
    for (let now = 200; now < 280; now += 10) expect(speaker.receiveFrame(now, 2, stranger, stranger.length).empty).toBe(true);
    expect(speaker.snapshot(280)).toMatchObject({ frameDrops: { conflict: 9 }, addresses: [{ conflicts: 9, held: true }] });
  });
});
