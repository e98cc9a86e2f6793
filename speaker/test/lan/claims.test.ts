/** What is heard on the LAN: claims of other speakers, by rank; families. */
import { CLIENT_IP, codesOf, core, frameOf, framesOf, gratuitous, holder, KEY, link, macOf, nodeMac, planFor, receive, runTo, VIP, whoHas } from './harness';
import { LanCore } from '../../src/lan';
import { ARP_REPLY, ARP_REQUEST } from '../../src/wire';

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
