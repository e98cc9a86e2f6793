/**
 * What may happen in a wild scenario beside the happenings of happenings.ts: networks that fall into many parts or let packets through in one direction alone, interfaces that change,
 * nodes that are drained, leave the cluster and come back, or have a twin. The order is part of a seed's meaning: add at the end.
 */
import { place } from './cuts';
import type { Happening } from './happenings';

export const DISRUPTIONS: readonly Happening[] = [
  ({ world, random }, _, later) => {
    const parts = random.integer(3, 8);
    const what = random.pick([['segment'], ['heartbeatGroup'], ['segment', 'heartbeatGroup']] as const);
    for (const node of world.nodes) for (const each of what) place(node, each, random.integer(0, parts - 1));
    world.note(`cut into ${parts}: ${world.nodes.map(({ name, port: { segment }, heartbeatGroup }) => `${name}=${segment}/${heartbeatGroup}`).join(' ')}`);
    // One after the other, or both at once.
    const heal = (which: readonly ('segment' | 'heartbeatGroup')[]) => () => {
      for (const node of world.nodes) for (const each of which) place(node, each, 0);
      world.note(`${which.join(' and ')} whole`);
    };
    if (random.chance(0.5)) later(100, 9000, heal(what));
    else for (const each of what) later(100, 9000, heal([each]));
  },
  ({ world, random }, node, later) => {
    for (const other of world.nodes) if (random.chance(0.6)) node.deafTo.add(other);
    world.note(`${node.name} does not get heartbeats of ${[...node.deafTo].map(({ name }) => name).join(' ')}`);
    later(100, 6000, () => {
      node.deafTo.clear();
      world.note(`${node.name} gets all heartbeats`);
    });
  },
  ({ world, random }, node, later) => {
    for (const other of world.nodes) if (random.chance(0.6)) node.port.deafTo.add(other);
    world.note(`${node.name} does not hear on the LAN ${[...node.port.deafTo].map(({ name }) => name).join(' ')}`);
    later(100, 6000, () => {
      node.port.deafTo.clear();
      world.note(`${node.name} hears all on the LAN`);
    });
  },
  ({ world }, node, later) => {
    world.changeInterface(node.port, { name: 'lan9' });
    later(50, 3000, () => world.changeInterface(node.port, { name: 'eth0' }));
  },
  ({ world, random }, node, later) => {
    world.changeInterface(node.port, { present: false });
    later(50, 3000, () => world.changeInterface(node.port, { present: true, index: random.integer(3, 99) }));
  },
  ({ world, random }, node) => world.changeInterface(node.port, { mac: random.integer(1, 250) }),
  (scenario, node, later) => {
    scenario.world.note(`${node.name} is drained`);
    scenario.drained.add(node.name);
    scenario.changePlan();
    later(500, 4000, () => {
      scenario.world.note(`${node.name} is drained no longer`);
      scenario.drained.delete(node.name);
      scenario.changePlan();
    });
  },
  (scenario, node, later) => {
    const { world } = scenario;
    world.note(`${node.name} leaves the cluster`);
    scenario.removed.add(node.name);
    scenario.changePlan();
    later(0, 1000, () => {
      world.stop(node);
      later(500, 4000, () => {
        world.note(`${node.name} joins the cluster`);
        scenario.removed.delete(node.name);
        scenario.changePlan();
        world.start(node);
      });
    });
  },
  ({ world, random }, node, later) => {
    const until = world.now + random.between(500, 4000);
    world.note(`somebody replays heartbeats of ${node.name}`);
    const replay = () => {
      world.network.replay(node);
      if (world.now < until) world.at(world.now + random.between(1, 40), replay);
    };
    replay();
    if (random.chance(0.7)) world.kill(node);
    later(500, 4000, () => world.start(node));
  },
];
