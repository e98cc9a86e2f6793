/** Whom a speaker asks by itself, while peers are not heard. */
import { BROADCAST, CLIENT_IP, codesOf, core, frameOf, framesOf, gratuitous, holder, KEY, link, nodeMac, planFor, receive, runTo, VIP } from './harness';
import { ARP_REPLY, ARP_REQUEST } from '../../src/wire';

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
