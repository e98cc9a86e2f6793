/** What may happen to one of two LANs, and to interfaces on it. The order is part of a seed's meaning: add at the end. */
import type { Happening } from './happenings';
import { Lan } from './lan';
import { Port } from './port';
import type { Scenario } from './scenario';
import type { World } from './world';

type LanHappening = (scenario: Scenario, port: Port, later: Parameters<Happening>[2]) => void;

/** While its heartbeats are cut, too, and perhaps still when it is plugged in again: then the LANs alone tell who has what was held before. */
const pullWithoutHeartbeats: LanHappening = ({ world, random }, port, later) => {
  const { node } = port;
  node.heartbeatGroup = 1;
  world.note(`${node.name} has no heartbeats`);
  world.setLink(node, false, port);
  later(random.chance(0.5) ? 1500 : 50, 5000, () => world.setLink(node, true, port));
  later(random.chance(0.7) ? 5500 : 50, 8000, () => {
    node.heartbeatGroup = 0;
    world.note(`${node.name} has heartbeats again`);
  });
};

const HAPPENINGS: readonly LanHappening[] = [
  ({ world, random }, port, later) => {
    world.setLink(port.node, false, port);
    later(random.chance(0.3) ? 10 : 50, random.chance(0.3) ? 350 : 3000, () => world.setLink(port.node, true, port));
  },
  pullWithoutHeartbeats,
  pullWithoutHeartbeats,
  pullWithoutHeartbeats,
  ({ world }, { lan }, later) => {
    const { ports } = world.network.lans[lan];
    cut(world, ports);
    later(100, 6000, () => join(world, ports));
  },
  ({ world }, port, later) => {
    port.segment = 1;
    world.note(`${port.node.name} is cut off at ${port.name}`);
    later(50, 5000, () => {
      port.segment = 0;
      world.note(`${port.node.name} is back at ${port.name}`);
    });
  },
  // Both LANs, along different lines.
  ({ world }, _, later) => {
    for (const { ports } of world.network.lans) {
      cut(world, ports);
      later(100, 6000, () => join(world, ports));
    }
  },
  ({ world }, port, later) => {
    world.changeInterface(port, { present: false });
    later(50, 3000, () => world.changeInterface(port, { present: true, index: world.random.integer(4, 99) }));
  },
  ({ world }, port, later) => {
    world.changeInterface(port, { name: 'lan9' });
    later(50, 3000, () => world.changeInterface(port, { name: port.usualName }));
  },
  ({ world, random }, port) => world.changeInterface(port, { mac: random.integer(1, 250) }),
  ({ world, random }, { lan }, later) => {
    const { faults } = world.network.lans[lan], before = { ...faults };
    Object.assign(faults, { loss: random.between(0.1, 0.5), delayMs: random.between(1, 80) });
    world.note(`a storm on LAN ${lan}: ${JSON.stringify(faults)}`);
    later(100, 3000, () => {
      Object.assign(faults, before);
      world.note(`the storm on LAN ${lan} is over`);
    });
  },
  ({ world }, port, later) => {
    for (const { node } of world.network.lans[port.lan].ports) if (world.random.chance(0.6)) port.deafTo.add(node);
    world.note(`${port.node.name} does not hear at ${port.name} ${[...port.deafTo].map(({ name }) => name).join(' ')}`);
    later(100, 6000, () => {
      port.deafTo.clear();
      world.note(`${port.node.name} hears all at ${port.name}`);
    });
  },
  ({ world, random, addresses }, { lan }, later) => {
    if (addresses.some((address) => world.network.lans.some((each) => each.foreignerUses(address)))) return;
    const address = random.pick(addresses);
    world.note(`a foreign host uses ${address} on LAN ${lan}`);
    world.network.lans[lan].intrude(address, 0);
    later(100, 4000, () => {
      world.note(`the foreign host leaves ${address}`);
      world.network.lans[lan].withdraw();
    });
  },
  // All cables of a node, one after the other.
  ({ world }, { node }, later) => {
    for (const port of node.ports) {
      later(0, 500, () => world.setLink(node, false, port));
      later(500, 3000, () => world.setLink(node, true, port));
    }
  },
];

export const LAN_HAPPENINGS: readonly Happening[] = HAPPENINGS.map((happening): Happening => (
  (scenario, node, later) => happening(scenario, scenario.random.pick(node.ports), later)
));

function cut(world: World, ports: Lan['ports']): void {
  for (const port of ports) port.segment = world.random.integer(0, 1);
  world.note(`LAN ${ports[0]?.lan} cut: ${ports.map(({ node, segment }) => `${node.name}=${segment}`).join(' ')}`);
}

function join(world: World, ports: Lan['ports']): void {
  for (const port of ports) port.segment = 0;
  world.note(`LAN ${ports[0]?.lan} whole`);
}
