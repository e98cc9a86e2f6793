/** Which interfaces take part, and what becomes of them. */
import { BROADCAST, CLIENT_IP, CLIENT_MAC, codesOf, core, framesOf, link, nodeMac, planFor, receive, VIP, whoHas } from './harness';
import { Link } from '../../src/lan';

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
