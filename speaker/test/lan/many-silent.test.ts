/** Hundreds of addresses whose holder is not heard by heartbeats any more, as behind a packet filter: more than can be asked for in each detection time. */
import { Home, NAMES } from './home';
import { LanPlan } from '../../src/lan';

const ADDRESSES = Array.from({ length: 600 }, (_, i) => `93.5.${32 + Math.floor(i / 200)}.${1 + i % 200}`);

const plan = (revision = 1, only: Readonly<Record<string, readonly string[]>> = {}) => (node: string): LanPlan => ({
  node,
  revision,
  addresses: ADDRESSES.map((address) => ({ address, candidates: only[address] ?? NAMES })),
  peers: NAMES.filter((name) => name !== node).map((name) => ({ node: name, addresses: [`93.5.22.${name.slice(5)}`] })),
});

/** Three nodes that have known each other for a while; then no heartbeat passes between any two. */
function cut(): Home {
  const home = new Home(plan());
  home.settle(5000);
  for (const address of ADDRESSES) expect(home.answering(address)).toEqual(['node-44']);
  home.log.length = 0;
  home.nodes.forEach((node, i) => node.heartbeatGroup = i);
  return home;
}

const acquired = (home: Home) => NAMES.flatMap((name) => home.eventsOf(name, 'addressAcquired'));

test('while the holder answers on the LAN nothing moves', () => {
  const home = cut();
  home.runUntil(home.now + 5000);
  expect(acquired(home).length).toEqual(0);
});

test('the holder loses power: another one takes all of them, and nothing moves after that', () => {
  const home = cut();
  home.runUntil(home.now + 3000);
  home.kill(home.a);
  home.setLink(home.a, false);
  home.runUntil(home.now + 2500);
  expect(ADDRESSES.filter((address) => home.answering(address).length !== 1)).toEqual([]);
  home.log.length = 0;
  home.runUntil(home.now + 3000);
  expect(acquired(home)).toEqual([]);
});

test.each([
  ['20 ms after it began to announce them', 0, 20],
  ['60 ms after it began to announce them', 0, 60],
  ['while it announces them, when it had not heard the others for a while', 150, 50],
])('the holder loses power %s: that keeps another one from taking all of them for no longer than the detection time', (_, deafMs, ms) => {
  const home = new Home(plan());
  for (const node of home.nodes) node.fastDetection = false;
  home.settle(5000);
  if (deafMs > 0) for (const other of [home.b, home.c]) home.a.deafTo.add(other);
  home.runUntil(home.now + deafMs);
  home.setLink(home.a, false);
  home.setLink(home.a, true);
  home.runUntil(home.now + ms);
  home.kill(home.a);
  home.setLink(home.a, false);
  home.runUntil(home.now + 400);
  expect(ADDRESSES.filter((address) => home.answering(address).join() !== 'node-45')).toEqual([]);
});

test('heartbeats pass again: nothing has moved, and nothing does', () => {
  const home = cut();
  home.runUntil(home.now + 2000);
  for (const node of home.nodes) node.heartbeatGroup = 0;
  home.runUntil(home.now + 2000);
  expect(acquired(home)).toEqual([]);
  for (const address of ADDRESSES) expect(home.answering(address)).toEqual(['node-44']);
});

test('the holder may not announce one of them any more, and nobody hears of that: another one takes it', () => {
  const home = cut(), [address] = ADDRESSES;
  home.runUntil(home.now + 2000);
  home.setPlan(home.a, plan(2, { [address]: NAMES.slice(1) })('node-44'));
  home.runUntil(home.now + 6000);
  expect(acquired(home)).toHaveLength(1);
  expect(['node-45', 'node-46']).toEqual(expect.arrayContaining(home.answering(address))); // whoever asked first: they do not hear each other
});

test('a node starts meanwhile: it leaves them to their holder', () => {
  const home = cut();
  home.kill(home.c);
  home.runUntil(home.now + 2000);
  home.start(home.c);
  home.runUntil(home.now + 3000);
  expect(acquired(home)).toEqual([]);
});

test('a plan with as many more that a node may announce from now on: it leaves them to their holder', () => {
  const some = Object.fromEntries(ADDRESSES.map((address) => [address, ['node-44']])), home = new Home(plan(1, some));
  home.settle(5000);
  home.log.length = 0;
  home.nodes.forEach((node, i) => node.heartbeatGroup = i);
  home.runUntil(home.now + 2000);
  for (const node of home.nodes) home.setPlan(node, plan(2)(node.name));
  home.runUntil(home.now + 3000);
  expect(acquired(home)).toEqual([]);
});
