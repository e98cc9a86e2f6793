/** A cable that carries heartbeats as well. */
import { VIP } from './harness';
import { NAMES, planOf } from './home';
import { Random } from '../simulation/random';
import { World } from '../simulation/world';

test('a cable that was away for a moment, with the heartbeats: it was this node that heard nobody, so nobody is missed when it is back', () => {
  for (let ms = 150; ms <= 300; ms += 3) {
    const names = NAMES.slice(0, 2), world = new World(new Random(ms));
    world.network.heartbeatsOverLan = true;
    const [holder, standby] = names.map(() => world.addNode((node) => planOf(node, names, {
      peers: names.filter((name) => name !== node).map((name) => ({ node: name, addresses: [`93.5.22.${name.slice(5)}`] })),
    })));
    for (const node of [holder, standby]) world.start(node);
    world.runUntil(1000);
    world.setLink(standby, false);
    world.runUntil(1000 + ms);
    world.setLink(standby, true);
    world.runUntil(2000 + ms);
    expect(world.answers(holder, VIP)).toBe(true);
    expect(world.log.filter((line) => line.includes('addressAcquired'))).toHaveLength(1);
  }
});

test('a cable that is back a moment after another node has taken over, while the address was announced on a second network: it stays where it is', () => {
  let moved = 0;
  for (let ms = 100; ms <= 290; ms += 5) {
    const world = new World(new Random(ms), undefined, 2);
    world.network.heartbeatsOverLan = true;
    const [holder, ...others] = NAMES.map(() => world.addNode(planOf, [0, 1]));
    for (const node of world.nodes) world.start(node);
    world.runUntil(3000);
    expect(world.answers(holder, VIP)).toBe(true);
    world.setLink(holder, false);
    world.runUntil(3000 + ms);
    const next = others.find((node) => world.answers(node, VIP));
    world.setLink(holder, true);
    world.runUntil(5000 + ms);
    if (next === undefined) continue;
    moved++;
    const answers = world.nodes.filter((node) => world.answers(node, VIP)).map(({ name }) => name);
    expect({ ms, answers }).toEqual({ ms, answers: [next.name] });
  }
  expect(moved).toBeGreaterThan(10);
});

test('a cable that is pulled right after an announcement, while the address goes on being announced on a second network: that says nothing of the LAN any more', () => {
  for (let at = 2400; at <= 2700; at += 10) {
    const world = new World(new Random(at), undefined, 2);
    world.network.heartbeatsOverLan = true;
    const [holder, ...others] = NAMES.map(() => world.addNode(planOf, [0, 1]));
    for (const node of world.nodes) world.start(node);
    world.runUntil(at);
    world.setLink(holder, false);
    const dark: number[] = [];
    for (let ms = 0; ms < 1000; ms += 5) {
      world.runUntil(at + ms);
      if (!others.some((node) => world.answers(node, VIP))) dark.push(ms);
    }
    expect({ at, last: dark.at(-1)! < 160, once: dark.length === dark.at(-1)! / 5 + 1 }).toEqual({ at, last: true, once: true });
  }
});
