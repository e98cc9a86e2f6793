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
