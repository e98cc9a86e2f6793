/** What is heard on the LAN: claims of other speakers, by rank; interfaces that take part; families. */
import { BROADCAST, CLIENT_IP, CLIENT_MAC, codesOf, core, frameOf, framesOf, gratuitous, KEY, link, macOf, nodeMac, planFor, receive, VIP, whoHas } from './harness';
import { LanCore, Link } from '../../src/lan';
import { ARP_REPLY, ARP_REQUEST } from '../../src/wire';

/** A holder whose peers are not heard; node-45's hardware address is known from a frame of its kernel. */
function holder(candidates: readonly string[]): LanCore {
  const speaker = core('node-44');
  speaker.setLinks(0, [link(0x2c)]);
  speaker.setKeys(0, [KEY]);
  speaker.setPlan(0, planFor('node-44', { addresses: [{ address: VIP, candidates }], peers: [{ node: 'node-45', addresses: ['93.5.22.45'] }] }));
  receive(speaker, 10, frameOf({ operation: ARP_REQUEST, spa: '93.5.22.45', tpa: CLIENT_IP, sha: nodeMac(0x2d) }));
  runTo(speaker, 0, 2000);
  return speaker;
}

function runTo(speaker: LanCore, from: number, to: number): void {
  for (let now = from; now <= to; now += 10) speaker.tick(now);
}

describe('where another speaker is heard', () => {
  const claim = gratuitous(VIP, nodeMac(0x2d));
  const links = [link(0x2c), link(0x2c, { index: 3, name: 'storage0', mac: macOf('02:00:0a:4d:00:2c'), addresses: ['10.77.0.44/24'] })];

  /** node-45 ranks higher, its heartbeats are not heard, and it claims each 100 ms on that interface. */
  function hearing(ifindex: number): LanCore {
    const speaker = holder(['node-45', 'node-44']);
    speaker.setLinks(2000, links);
    for (let now = 2000; now < 4000; now += 100) {
      speaker.receiveFrame(now, ifindex, claim, claim.length);
      runTo(speaker, now, now + 90);
    }
    return speaker;
  }

  test('in the subnet of the address it is yielded to', () => {
    expect(hearing(2).snapshot(4000).addresses).toMatchObject([{ held: false, holder: 'node-45' }]);
  });

  test('elsewhere it is not: its cable to the LAN may be pulled, and nobody else would answer there', () => {
    expect(hearing(3).snapshot(4000).addresses).toMatchObject([{ held: true, holder: 'node-44' }]);
  });

  test('elsewhere alone, it does not keep this one from taking the address', () => {
    const speaker = hearing(2);
    for (let now = 4000; now < 6000; now += 100) {
      speaker.receiveFrame(now, 3, claim, claim.length);
      runTo(speaker, now, now + 90);
    }
    expect(receive(speaker, 6000, whoHas(VIP))).toHaveLength(1);
  });
});

describe.each([
  ['the only one', []],
  ['one of two, the other of which is in another subnet and was up all the time', [link(0x2c, {
    index: 3, name: 'storage0', mac: macOf('02:00:0a:4d:00:2c'), addresses: ['10.77.0.44/24'],
  })]],
])('an interface that comes back while peers are not heard, %s', (_, others) => {
  const pulled = (): LanCore => {
    const speaker = holder(['node-44', 'node-45']);
    speaker.setLinks(2000, [link(0x2c, { up: false }), ...others]);
    runTo(speaker, 2000, 2500);
    return speaker;
  };

  test('is listened to before anything is taken: a peer may have the address there', () => {
    const speaker = pulled();
    expect(framesOf(speaker.setLinks(2500, [link(0x2c), ...others])).filter((frame) => frame.includes('reply'))).toEqual([]);
    const reply = gratuitous(VIP, nodeMac(0x2d));
    expect(receive(speaker, 2501, whoHas(VIP))).toEqual([]);
    runTo(speaker, 2510, 2600);
    expect(receive(speaker, 2600, whoHas(VIP))).toEqual([]);
    speaker.receiveFrame(2601, 2, reply, reply.length);
    runTo(speaker, 2610, 2890);
    expect(receive(speaker, 2890, whoHas(VIP))).toEqual([]);
  });

  test('where nobody has it, the address is taken after a detection time', () => {
    const speaker = pulled();
    speaker.setLinks(2500, [link(0x2c), ...others]);
    runTo(speaker, 2500, 2820);
    expect(receive(speaker, 2820, whoHas(VIP))).toHaveLength(1);
  });
});

describe('another speaker claims the address', () => {
  const claim = gratuitous(VIP, nodeMac(0x2d));

  test('one that ranks higher: this one is silent from that packet on', () => {
    const speaker = holder(['node-45', 'node-44']);
    expect(receive(speaker, 2000, whoHas(VIP))).toHaveLength(1);
    const outbox = speaker.receiveFrame(2001, 2, claim, claim.length);
    expect(outbox.events).toEqual([{ code: 'addressLost', address: VIP, reason: 'claimHeard', to: 'node-45' }]);
    expect(receive(speaker, 2002, whoHas(VIP))).toEqual([]);
    expect(speaker.snapshot(2002)).toMatchObject({ frameDrops: { claim: 1, notHeld: 1 }, addresses: [{ held: false, holder: 'node-45' }] });
  });

  test('... as long as it is heard; when it falls silent too, the address comes back', () => {
    const speaker = holder(['node-45', 'node-44']);
    speaker.receiveFrame(2001, 2, claim, claim.length);
    const probes: string[] = [];
    for (let now = 2010; now <= 2290; now += 10) probes.push(...framesOf(speaker.tick(now)));
    expect(probes.length).toBeGreaterThanOrEqual(2);
    expect(new Set(probes)).toEqual(new Set([`if2 to ${nodeMac(0x2d)}: request 255.255.255.255 at ${nodeMac(0x2c)} for ${VIP}`]));
    runTo(speaker, 2300, 2450);
    expect(receive(speaker, 2460, whoHas(VIP))).toHaveLength(1);
  });

  test('one that ranks lower: it is told at once, but not more than once in a detection time', () => {
    const speaker = holder(['node-44', 'node-45']);
    const bursts = [2001, 2002, 2100, 2302].map((now) => {
      if (now > 2100) runTo(speaker, 2110, now);
      return framesOf(speaker.receiveFrame(now, 2, claim, claim.length)).filter((frame) => frame.includes('to ff:ff:ff:ff:ff:ff')).length;
    });
    expect(bursts).toEqual([2, 0, 0, 2]);
    expect(receive(speaker, 2303, whoHas(VIP))).toHaveLength(1);
  });

  test('a request that its kernel sends in the name of the address is no claim: in IPVS mode every node does that', () => {
    const speaker = holder(['node-45', 'node-44']);
    const request = frameOf({ operation: ARP_REQUEST, spa: VIP, tpa: '93.5.22.1', sha: nodeMac(0x2d) });
    expect(codesOf(speaker.receiveFrame(2001, 2, request, request.length))).toEqual([]);
    expect(receive(speaker, 2002, whoHas(VIP))).toHaveLength(1);
  });

  describe('by an answer to an ordinary question, which its kernel may have given', () => {
    const answer = (tpa: string) => frameOf({
      operation: ARP_REPLY, spa: VIP, tpa, sha: nodeMac(0x2d), tha: nodeMac(0x2c), destination: nodeMac(0x2c),
    });
    const question = `if2 to ${nodeMac(0x2d)}: request 255.255.255.255 at ${nodeMac(0x2c)} for ${VIP}`;

    test.each([
      ['a probe', '0.0.0.0'],
      ['a question of our kernel', '93.5.22.44'],
      ['a question of a client, which the switch has handed to all', CLIENT_IP],
    ])('to %s: it is asked as speakers are, at once', (_, tpa) => {
      const speaker = holder(['node-45', 'node-44']);
      expect(receive(speaker, 2001, answer(tpa))).toEqual([question]);
      expect(receive(speaker, 2002, whoHas(VIP))).toHaveLength(1);
      expect(speaker.snapshot(2002).frameDrops).toMatchObject({ kernelAnswer: 1, claim: 0 });
    });

    test('only if it answers to that, it is a claim, and yielded to', () => {
      const speaker = holder(['node-45', 'node-44']);
      const reply = answer('255.255.255.255');
      expect(speaker.receiveFrame(2001, 2, reply, reply.length).events).toEqual([{ code: 'addressLost', address: VIP, reason: 'claimHeard', to: 'node-45' }]);
    });

    test('on two interfaces at a time: it is asked on each, for where it holds the address decides who yields', () => {
      const speaker = holder(['node-45', 'node-44']);
      const storage = link(0x2c, { index: 3, name: 'storage0', mac: macOf('02:00:0a:4d:00:2c'), addresses: ['10.77.0.44/24'] });
      speaker.setLinks(2000, [link(0x2c), storage]);
      const asked = [3, 2, 3].map((ifindex) => framesOf(speaker.receiveFrame(2001, ifindex, answer('0.0.0.0'), 60)));
      expect(asked).toEqual([[question.replace('if2', 'if3').replace(nodeMac(0x2c), '02:00:0a:4d:00:2c')], [question], []]);
    });

    test('of a storm of them few are asked back', () => {
      const speaker = holder(['node-45', 'node-44']);
      const frames = Array.from({ length: 1000 }, (_, i) => receive(speaker, 2001 + i / 10, answer('0.0.0.0'))).flat();
      expect(frames).toEqual(Array.from({ length: 10 }, () => question));
    });
  });

  test('a question to speakers alone is answered like any other', () => {
    const speaker = holder(['node-44', 'node-45']);
    const asked = whoHas(VIP, { spa: '255.255.255.255', sha: nodeMac(0x2d), destination: nodeMac(0x2c) });
    expect(receive(speaker, 2001, asked)).toEqual([`if2 to ${nodeMac(0x2d)}: reply ${VIP} at ${nodeMac(0x2c)} for 255.255.255.255`]);
  });

  test('a hardware address of our own, on another port of the same switch, is nobody else', () => {
    const speaker = core('node-44');
    speaker.setLinks(0, [link(0x2c), link(0x2c, { index: 3, name: 'eth1', mac: macOf('02:00:00:00:01:2c'), addresses: [] })]);
    speaker.setPlan(0, planFor('node-44'));
    const own = gratuitous(VIP, '02:00:00:00:01:2c');
    expect(speaker.receiveFrame(10, 2, own, own.length).empty).toBe(true);
    expect(speaker.snapshot(10).frameDrops.ownFrame).toBe(1);
  });
});

describe('interfaces that take part', () => {
  const answers = (links: Link[], options = {}): number => {
    const speaker = core('node-44', options);
    speaker.setLinks(0, links);
    speaker.setPlan(0, planFor('node-44'));
    return receive(speaker, 1, whoHas(VIP)).length;
  };

  test.each([
    ['one that is up', {}, {}, 1],
    ['one without an address', { addresses: [] }, {}, 1],
    ['not one that is down', { up: false }, {}, 0],
    ['not one that cannot broadcast', { broadcast: false }, {}, 0],
    ['not one without ARP', { noArp: true }, {}, 0],
    ['not a port of a bridge or bond', { enslaved: true }, {}, 0],
    ['not loopback', { loopback: true }, {}, 0],
    ['not one that is excluded', { name: 'veth1234' }, { excludeInterfaces: /^veth.*/ }, 0],
    ['an expression that is not anchored matches anywhere', { name: 'eth0.veth' }, { excludeInterfaces: /veth/g }, 0],
  ])('%s', (_, overrides, options, count) => {
    expect(answers([link(0x2c, overrides)], options)).toBe(count);
  });

  test('none of those that are named exists: it is told once, and again after it was there', () => {
    const speaker = core('node-44');
    const plan = planFor('node-44', { addresses: [{ address: VIP, candidates: ['node-44'], interfaces: ['eth7'] }] });
    speaker.setLinks(0, [link(0x2c)]);
    expect(speaker.setPlan(0, plan).events).toEqual([{ code: 'interfacesMissing', address: VIP, wanted: ['eth7'], present: ['eth0'] }]);
    expect(speaker.setPlan(1, plan).events).toEqual([]);
    expect(codesOf(speaker.setLinks(2, [link(0x2c, { name: 'eth7' })]))).toEqual(['addressAcquired onlyCandidate']);
    expect(codesOf(speaker.setLinks(3, [link(0x2c)]))).toEqual(['addressLost noInterface', 'interfacesMissing']);
    const other = planFor('node-44', { addresses: [{ address: VIP, candidates: ['node-44'], interfaces: ['eth8', 'eth9'] }] });
    expect(speaker.setPlan(4, other).events).toEqual([{ code: 'interfacesMissing', address: VIP, wanted: ['eth8', 'eth9'], present: ['eth0'] }]);
  });

  test('those of an address that is held are told when they change, by name too, and not when they do not', () => {
    const speaker = core('node-44', { excludeInterfaces: /^veth/ });
    const second = link(0x2c, { index: 3, name: 'eth1', mac: Uint8Array.of(2, 0, 0, 0, 1, 0x2c), addresses: [] });
    speaker.setLinks(0, [link(0x2c)]);
    speaker.setPlan(0, planFor('node-44'));
    const told = (links: Link[]) => speaker.setLinks(1, links).events;
    expect(told([link(0x2c), second])).toEqual([{ code: 'interfacesChanged', address: VIP, interfaces: ['eth0', 'eth1'] }]);
    expect(told([link(0x2c), second, link(0x2c, { index: 4, name: 'veth9' })])).toEqual([]);
    expect(told([link(0x2c, { name: 'lan0' }), second])).toEqual([{ code: 'interfacesChanged', address: VIP, interfaces: ['eth1', 'lan0'] }]);
    expect(speaker.setPlan(2, planFor('node-44', { addresses: [{ address: VIP, candidates: ['node-44'], interfaces: ['eth1'] }] })).events)
      .toEqual([{ code: 'interfacesChanged', address: VIP, interfaces: ['eth1'] }]);
    expect(told([link(0x2c)]).map(({ code }) => code)).toEqual(['addressLost', 'interfacesMissing']);
  });

  test('a hardware address that changes is announced, and answered with, from then on', () => {
    const speaker = core('node-44');
    speaker.setLinks(0, [link(0x2c)]);
    speaker.setPlan(0, planFor('node-44'));
    const outbox = speaker.setLinks(10, [link(0x2c, { mac: Uint8Array.of(2, 0, 0, 0, 7, 7) })]);
    expect(framesOf(outbox)).toEqual([
      `if2 to ${BROADCAST}: request ${VIP} at 02:00:00:00:07:07 for ${VIP}`, `if2 to ${BROADCAST}: reply ${VIP} at 02:00:00:00:07:07 for ${VIP}`,
    ]);
    expect(receive(speaker, 20, whoHas(VIP))).toEqual([`if2 to ${CLIENT_MAC}: reply ${VIP} at 02:00:00:00:07:07 for ${CLIENT_IP}`]);
    expect(receive(speaker, 30, whoHas(VIP, { destination: nodeMac(0x2c) }))).toEqual([]);
  });

  test.each([
    ['in the subnet of the address', ['93.5.22.44/24'], undefined],
    ['in another subnet, which is told', ['10.77.0.44/24'], true],
    ['without an address, which is told too', [], true],
  ])('one %s announces it', (_, addresses, offLink) => {
    const speaker = core('node-44');
    speaker.setLinks(0, [link(0x2c, { addresses })]);
    expect(speaker.setPlan(0, planFor('node-44')).events).toEqual([
      { code: 'addressAcquired', address: VIP, interfaces: ['eth0'], reason: 'onlyCandidate', from: undefined, offLink },
    ]);
  });

  test('one that is named and down is not missing', () => {
    const speaker = core('node-44');
    speaker.setLinks(0, [link(0x2c, { up: false })]);
    expect(speaker.setPlan(0, planFor('node-44', { addresses: [{ address: VIP, candidates: ['node-44'], interfaces: ['eth0'] }] })).events).toEqual([]);
  });
});

describe('after stop', () => {
  test('two goodbyes to each address of each peer, and then nothing, whatever comes', () => {
    const speaker = holder(['node-44', 'node-45']);
    const outbox = speaker.stop(2001);
    expect([outbox.frameCount, outbox.datagramCount]).toEqual([0, 2]);
    expect(codesOf(outbox)).toEqual(['addressLost stopped']);
    expect(speaker.nextDeadline()).toBe(Infinity);
    const request = whoHas(VIP);
    const calls = [
      () => speaker.tick(2010), () => speaker.receiveFrame(2011, 2, request, request.length), () => speaker.setPlan(2012, planFor('node-44')),
      () => speaker.setLinks(2013, [link(0x2c)]), () => speaker.setKeys(2014, [KEY]), () => speaker.receiveHeartbeat(2015, '', request, 60), () => speaker.stop(2016),
    ];
    expect(calls.map((call) => call().empty)).toEqual(calls.map(() => true));
  });
});

describe('away', () => {
  test('a lone node answers again after a detection time, and says why', () => {
    const speaker = core('node-44');
    speaker.setLinks(0, [link(0x2c)]);
    speaker.setPlan(0, planFor('node-44'));
    const request = whoHas(VIP);
    const first = speaker.receiveFrame(5000, 2, request, request.length);
    expect([first.frameCount, codesOf(first)]).toEqual([0, ['authorityLost', 'addressLost stalled']]);
    expect(speaker.nextDeadline()).toBe(5000);
    const codes: string[] = [];
    for (let now = 5000; now <= 5300; now += 50) codes.push(...codesOf(speaker.tick(now)));
    expect(codes).toEqual(['authorityRegained', 'addressAcquired authorityRegained']);
    expect(speaker.snapshot(5300).frameDrops.stalled).toBe(1);
    expect(receive(speaker, 5301, request)).toHaveLength(1);
  });
});

describe('questions of a holder', () => {
  const candidates = ['node-44', 'node-45', 'node-46'];

  /** Unicast questions for the address, by the last octet of the hardware address that they go to. */
  function asked(from: number, to: number): Map<number, number> {
    const speaker = core('node-44');
    speaker.setLinks(0, [link(0x2c)]);
    speaker.setKeys(0, [KEY]);
    const peers = [45, 46].map((last) => ({ node: `node-${last}`, addresses: [`93.5.22.${last}`] }));
    speaker.setPlan(0, planFor('node-44', { addresses: [{ address: VIP, candidates }], peers }));
    for (const last of [0x2d, 0x2e]) receive(speaker, 10, frameOf({ operation: ARP_REQUEST, spa: `93.5.22.${last}`, tpa: CLIENT_IP, sha: nodeMac(last) }));
    const counts = new Map<number, number>();
    for (let now = 0; now <= to; now += 10) {
      const { frames, frameCount } = speaker.tick(now);
      if (now < from) continue;
      for (const { bytes } of frames.slice(0, frameCount)) if (bytes[0] === 0x02) counts.set(bytes[5], (counts.get(bytes[5]) ?? 0) + 1);
    }
    return counts;
  }

  test('go to each candidate that is down, not only to the first: any of them may hold the address behind a cut that has healed', () => {
    const counts = asked(1000, 9000);
    expect([...counts.keys()].sort()).toEqual([0x2d, 0x2e]);
    for (const count of counts.values()) expect(count).toBeGreaterThanOrEqual(6);
  });
});

test('whoever starts in a large cluster asks for each address in every interval, and for the hardware addresses of a few nodes at a time', () => {
  const speaker = core('node-44');
  speaker.setLinks(0, [link(0x2c)]);
  speaker.setKeys(0, [KEY]);
  const peers = Array.from({ length: 150 }, (_, i) => ({ node: `node-${i + 45}`, addresses: [`93.5.22.${i + 45}`] }));
  const sent = framesOf(speaker.setPlan(0, planFor('node-44', { addresses: [{ address: '93.5.22.10', candidates: ['node-44'] }], peers })));
  for (let now = 10; now < 290; now += 10) sent.push(...framesOf(speaker.tick(now)));
  const targets = sent.filter((frame) => frame.includes('request')).map((frame) => frame.split(' for ')[1]);
  expect(targets.filter((target) => target === '93.5.22.10').length).toBeGreaterThanOrEqual(3);
  const others = targets.filter((target) => target !== '93.5.22.10');
  expect(new Set(others).size).toBe(others.length);
  expect(others.length).toBeGreaterThanOrEqual(24);
  expect(others.length).toBeLessThanOrEqual(32);
});

describe('an address that this node may announce from now on, while a peer is not heard', () => {
  const free = '93.5.22.101';
  const withFree = (node: string) => planFor(node, {
    addresses: [{ address: VIP, candidates: ['node-44'] }, { address: free, candidates: ['node-45', 'node-44'] }], peers: [{ node: 'node-45', addresses: ['93.5.22.45'] }],
  });

  test('is asked for before it is taken', () => {
    const speaker = holder(['node-44']);
    const sent = [...framesOf(speaker.setPlan(2001, withFree('node-44')))];
    for (let now = 2010; now <= 2140; now += 10) sent.push(...framesOf(speaker.tick(now)));
    expect(sent.filter((frame) => frame.endsWith(`for ${free}`))).toEqual([expect.stringMatching(`^if2 to ${BROADCAST}: request `)]);
    expect(speaker.snapshot(2140).addresses).toMatchObject([{ held: true }, { held: false }]);
    runTo(speaker, 2150, 2300);
    expect(speaker.snapshot(2300).addresses).toMatchObject([{ held: true }, { held: true }]);
  });

  test('is left to the peer that answers', () => {
    const speaker = holder(['node-44']);
    speaker.setPlan(2001, withFree('node-44'));
    const answer = gratuitous(free, nodeMac(0x2d));
    runTo(speaker, 2010, 2100);
    speaker.receiveFrame(2105, 2, answer, answer.length);
    runTo(speaker, 2110, 2300);
    expect(speaker.snapshot(2300).addresses).toMatchObject([{ held: true }, { held: false, holder: 'node-45' }]);
  });
});

test('a peer that is not heard and has got another hardware address is known by it soon after it is first seen to use an address', () => {
  const speaker = holder(['node-45', 'node-44']);
  const claim = gratuitous(VIP, nodeMac(0x99));
  expect(codesOf(speaker.receiveFrame(2005, 2, claim, claim.length))).toEqual(['addressConflict']);
  const sent: string[] = [];
  for (let now = 2010; now <= 2110; now += 10) sent.push(...framesOf(speaker.tick(now)));
  expect(sent.filter((frame) => frame.endsWith('for 93.5.22.45'))).toHaveLength(1);
  receive(speaker, 2115, frameOf({ operation: ARP_REPLY, spa: '93.5.22.45', sha: nodeMac(0x99), tpa: '93.5.22.44', tha: nodeMac(0x2c), destination: nodeMac(0x2c) }));
  speaker.receiveFrame(2120, 2, claim, claim.length);
  expect(speaker.snapshot(2120).addresses).toMatchObject([{ held: false, holder: 'node-45' }]);
});
