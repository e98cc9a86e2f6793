import { ETH0, FakeLinks, FakeSurroundings, gone, started } from './fakes';
import { MOST_GROUPS } from '../../src/dataplane/groups';
import { Loop } from '../../src/dataplane/loop';
import { LanPlan } from '../../src/lan';
import { SysError } from '../../src/sys';

const LAN = { ...ETH0, addresses: ['fe80::2c/64'] };
const WIFI = { ...LAN, index: 3, name: 'wlan0' };
const GROUP = 'ff0200000000000000000001ff000100', MAC = '3333ff000100';

function plan(...addresses: string[]): LanPlan {
  return { node: 'a', addresses: addresses.map((address) => ({ address, candidates: ['a'] })), peers: [] };
}

function looping(): { around: FakeSurroundings; links: FakeLinks; loop: Loop; tell: (next: LanPlan) => void } {
  const { around, loop } = started();
  const links = around.linkSources[0] as FakeLinks;
  const tell = (next: LanPlan) => {
    around.commands.push({ type: 'plan', plan: next });
    loop.turn();
  };
  links.pending.push([LAN]);
  loop.turn();
  return { around, links, loop, tell };
}

test('a planned address joins its group, for the switch and for the interface; a withdrawn one leaves both', () => {
  const { around, tell } = looping();
  tell(plan('fd93:5:22::100', '93.5.22.100'));
  expect([...around.groupsJoined]).toEqual([`2 ${GROUP}`]);
  expect([...around.multicasts]).toEqual([`2 ${MAC}`]);
  tell(plan('93.5.22.100'));
  expect([around.groupsJoined.size, around.multicasts.size]).toEqual([0, 0]);
});

test('a group is left with the last of the addresses that need it', () => {
  const { around, tell } = looping();
  tell(plan('fd93:5:22::100', 'fd93:5:23::100'));
  tell(plan('fd93:5:23::100'));
  expect(around.groupsJoined.size).toBe(1);
  tell(plan());
  expect(around.groupsJoined.size).toBe(0);
});

test('an interface that appears later joins too, and one that loses IPv6 leaves', () => {
  const { around, links, loop, tell } = looping();
  tell(plan('fd93:5:22::100'));
  links.pending.push([LAN, WIFI]);
  loop.turn();
  expect([...around.groupsJoined]).toEqual([`2 ${GROUP}`, `3 ${GROUP}`]);
  links.pending.push([{ ...LAN, addresses: [] }, WIFI]);
  loop.turn();
  expect([...around.groupsJoined]).toEqual([`3 ${GROUP}`]);
});

test('a group is joined before the address is announced', () => {
  const { around, core, loop } = started();
  const links = around.linkSources[0] as FakeLinks;
  links.pending.push([LAN]);
  loop.turn();
  const joined: number[] = [];
  around.packets.send = () => {
    joined.push(around.groupsJoined.size);
    return 0;
  };
  core.frames = [{ ifindex: 2, bytes: Buffer.from('announcement') }];
  around.commands.push({ type: 'plan', plan: plan('fd93:5:22::100') });
  loop.turn();
  expect(joined).toEqual([1]);
});

test('a group that cannot be joined is told once, ends nothing, and is tried again each second', () => {
  const { around, loop, tell } = looping();
  around.joinError = gone();
  tell(plan('fd93:5:22::100'));
  loop.turn();
  for (let second = 1; second <= 3; second++) {
    expect(around.armed.at(-1)).toBe(around.time + 1000);
    around.time += 1000;
    if (second === 3) around.joinError = undefined;
    loop.turn();
    loop.turn();
  }
  expect(around.problems()).toEqual([expect.stringMatching(/^1 multicast groups cannot be joined; .*among them fd93:5:22::100,/)]);
  expect([...around.groupsJoined]).toEqual([`2 ${GROUP}`]);
  expect(around.armed.at(-1)).toBe(Infinity);
});

test('a group that cannot be joined and is not wanted any more is not tried again', () => {
  const { around, loop, tell } = looping();
  around.joinError = gone();
  tell(plan('fd93:5:22::100'));
  around.joinError = undefined;
  tell(plan());
  around.time += 1000;
  loop.turn();
  expect(around.groupsJoined.size).toBe(0);
});

test('an interface that is another one though it looks the same joins anew', () => {
  const { around, links, loop, tell } = looping();
  tell(plan('fd93:5:22::100'));
  around.groupsJoined.clear(); // as the kernel does with an interface that vanishes
  around.multicasts.clear();
  links.pending.push([{ ...LAN, incarnation: 1 }]);
  loop.turn();
  expect([[...around.groupsJoined], [...around.multicasts]]).toEqual([[`2 ${GROUP}`], [`2 ${MAC}`]]);
});

describe('a thousand groups', () => {
  const COUNT = 1_000, STEP = 32;
  const thousand = plan(...Array.from({ length: COUNT }, (_, i) => `fd93:5:22::${(i + 1).toString(16)}`));

  test('are joined and left in steps, with heartbeats heard between, and the first addresses of the plan come first', () => {
    const { around, loop, tell } = looping();
    tell(thousand);
    const joined = () => around.groupsJoined.size;
    expect([...around.groupsJoined][0]).toBe('2 ff0200000000000000000001ff000001');
    for (let before = joined(); before < COUNT; before = joined()) {
      around.datagrams4.push({ from: '93.5.22.45', text: 'a heartbeat' });
      loop.turn();
      expect(around.datagrams4).toEqual([]);
      expect([joined() > before, joined() - before <= STEP]).toEqual([true, true]);
    }
    expect(around.multicasts.size).toBe(COUNT);
    tell(plan('fd93:5:22::1'));
    expect(joined()).toBeGreaterThanOrEqual(COUNT - 2 * STEP);
    for (let turn = 0; turn < COUNT / STEP; turn++) loop.turn();
    expect([joined(), around.multicasts.size]).toEqual([1, 1]);
    expect(around.problems()).toEqual([]);
  });

  test('of which the kernel refuses some: told once, with how many, and what to change', () => {
    const { around, loop, tell } = looping();
    const join = around.groups.join;
    around.groups.join = (index, group) => {
      if (around.groupsJoined.size === 600) throw new SysError('setsockopt', 12, { subject: 'IPv6 multicast groups' });
      join(index, group);
    };
    tell(thousand);
    for (let turn = 0; turn < COUNT / STEP; turn++) loop.turn();
    expect([around.groupsJoined.size, around.multicasts.size]).toEqual([600, COUNT]);
    expect(around.reports.filter(({ type }) => type === 'problem')).toEqual([{
      type: 'problem',
      message: expect.stringMatching(/^400 multicast groups cannot be joined; trying again\. .* among them fd93:5:22::259,/),
      fields: { ifindex: 2, groups: 400, error: expect.stringMatching(/ENOMEM: .*net\.core\.optmem_max/) },
    }]);
    around.groups.join = join;
    around.time += 1000;
    loop.turn(); // which sets the timer
    for (let turn = 0; turn < COUNT / STEP; turn++) loop.turn();
    expect(around.groupsJoined.size).toBe(COUNT);
  });

  test('and more than the kernel can look through for each packet are not joined: that is told, and the interface takes all', () => {
    const { around, loop, tell } = looping();
    const addresses = Array.from({ length: MOST_GROUPS + 1 }, (_, i) => `fd93:5:22::${(i + 1).toString(16)}`);
    tell(plan(...addresses));
    for (let turn = 0; turn < MOST_GROUPS / STEP; turn++) loop.turn();
    expect([around.groupsJoined.size, around.multicasts.has('2 all')]).toEqual([MOST_GROUPS, true]);
    tell({ ...plan(...addresses), revision: 2 });
    expect(around.problems()).toEqual([expect.stringMatching(/^more than 2048 multicast groups are wanted: others are not joined/)]);
    tell(plan(...addresses.slice(1)));
    for (let turn = 0; turn < 2; turn++) loop.turn();
    expect([around.groupsJoined.size, around.multicasts.has('2 all')]).toEqual([MOST_GROUPS, false]);
    expect([...around.groupsJoined].at(-1)).toBe('2 ff0200000000000000000001ff000801');
  });

  test('a plan that comes meanwhile counts', () => {
    const { around, loop, tell } = looping();
    tell(thousand);
    tell(plan('fd93:5:22::100'));
    for (let turn = 0; turn < COUNT / STEP; turn++) loop.turn();
    expect([...around.groupsJoined]).toEqual([`2 ${GROUP}`]);
    expect([...around.multicasts]).toEqual([`2 ${MAC}`]);
  });
});
