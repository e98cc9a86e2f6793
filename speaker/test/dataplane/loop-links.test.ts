import { ETH0, FakeCore, FakeLinks, FakeSurroundings, gone, started } from './fakes';
import { Loop } from '../../src/dataplane/loop';
import { NetlinkError, SysError } from '../../src/sys';

describe('interfaces', () => {
  test('are given to the core at the start and after each change, and the filters follow', () => {
    const core = new FakeCore(), around = new FakeSurroundings();
    const links = new FakeLinks([ETH0]);
    around.linkSources = [links];
    const loop = new Loop(core, around, {});
    loop.begin();
    links.pending.push([ETH0, { ...ETH0, index: 3, name: 'eth1' }], 'same');
    loop.turn();
    loop.turn();
    expect(core.calls.map(([name, , given]) => [name, (given as { name: string }[]).map((link) => link.name)])).toEqual([
      ['setLinks', ['eth0']], ['setLinks', ['eth0', 'eth1']],
    ]);
    expect(around.filters).toBe(4);
  });

  test('without Ethernet addresses are given as ones that cannot broadcast', () => {
    const core = new FakeCore(), around = new FakeSurroundings();
    around.linkSources = [new FakeLinks([{ ...ETH0, ethernet: false, mac: new Uint8Array(20) }])];
    new Loop(core, around, {}).begin();
    expect(core.calls).toEqual([['setLinks', 1000, [expect.objectContaining({ broadcast: false })]]]);
  });

  test.each([
    ['an error of the socket', new SysError('recvfrom', 12, { subject: 'rtnetlink socket' })],
    ['a malformed message', new NetlinkError(16, 'too short')],
  ])('%s: rtnetlink is opened anew a second later, and the rest goes on', (_, error) => {
    const { core, around, loop } = started();
    const broken = around.linkSources[0] as FakeLinks;
    broken.pending.push(error);
    around.frames.push({ ifindex: 2, text: 'question' });
    loop.turn();
    expect(core.names()).toEqual(['receiveFrame']);
    expect(around.problems()).toEqual([expect.stringContaining('cannot be read; trying again')]);
    expect(broken.closed).toBe(true);
    around.linkSources = [new FakeLinks([{ ...ETH0, index: 9 }])];
    loop.turn();
    expect(around.armed).toEqual([2000]);
    around.time = 2000;
    loop.turn();
    expect(core.calls.at(-1)).toEqual(['setLinks', 2000, [expect.objectContaining({ index: 9 })]]);
  });

  test('that cannot be read at the start are tried again', () => {
    const core = new FakeCore(), around = new FakeSurroundings();
    around.linkSources = [gone(), gone(), new FakeLinks([ETH0])];
    const loop = new Loop(core, around, {});
    loop.begin();
    for (around.time = 1000; around.time <= 3500; around.time += 500) loop.turn();
    expect(core.names()).toEqual(['setLinks']);
    expect(around.problems()).toHaveLength(2);
  });

  test('wanted promiscuous become so once, and again when they come back', () => {
    const core = new FakeCore(), around = new FakeSurroundings(), links = new FakeLinks([ETH0]);
    around.linkSources = [links];
    const loop = new Loop(core, around, { promiscuous: (name) => name.startsWith('wlan') });
    loop.begin();
    const wlan = { ...ETH0, index: 5, name: 'wlan0' };
    links.pending.push([ETH0, wlan], [ETH0, { ...wlan, up: false }], [ETH0], [ETH0, wlan], [ETH0, { ...wlan, incarnation: 1 }]);
    for (let turn = 0; turn < 4; turn++) loop.turn();
    expect(around.promiscuous).toEqual([5, 5]);
    loop.turn();
    expect(around.promiscuous).toEqual([5, 5, 5]);
  });

  test('that are excluded do not become promiscuous, whoever wants it', () => {
    const core = new FakeCore(), around = new FakeSurroundings();
    around.linkSources = [new FakeLinks([ETH0, { ...ETH0, index: 5, name: 'wlan0' }])];
    new Loop(core, around, { promiscuous: () => true, excludeInterfaces: /^wlan/ }).begin();
    expect(around.promiscuous).toEqual([ETH0.index]);
  });

  test('that vanish before they become promiscuous are told and passed over', () => {
    const core = new FakeCore(), around = new FakeSurroundings();
    around.promiscuousError = gone();
    new Loop(core, around, { promiscuous: () => true }).begin();
    expect(around.problems()).toEqual(['an interface cannot be made promiscuous']);
    expect(core.names()).toEqual(['setLinks']);
  });
});
