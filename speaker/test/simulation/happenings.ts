/** What may happen in a scenario. The order is part of a seed's meaning: add at the end. */
import { cut, join } from './cuts';
import { DISRUPTIONS } from './disruptions';
import { LAN_HAPPENINGS } from './lan-happenings';
import type { Scenario } from './scenario';
import type { VirtualNode } from './virtual-node';
import type { World } from './world';

export type Happening = (scenario: Scenario, node: VirtualNode, later: (low: number, high: number, change: () => void) => void) => void;

const HAPPENINGS: readonly Happening[] = [
  ({ world }, node, later) => {
    world.kill(node);
    later(50, 3000, () => world.start(node));
  },
  ({ world }, node, later) => {
    world.stop(node);
    later(50, 3000, () => world.start(node));
  },
  ({ world, random }, node, later) => {
    const ms = random.between(20, random.chance(0.5) ? 400 : 3000);
    world.pause(node, ms);
    later(ms, ms, () => undefined);
  },
  ({ world }, node, later) => {
    world.setLink(node, false);
    later(50, 3000, () => world.setLink(node, true));
  },
  ({ world }, _, later) => {
    cut(world, 'segment');
    later(100, 9000, () => join(world, 'segment'));
  },
  ({ world }, _, later) => {
    cut(world, 'heartbeatGroup');
    later(100, 9000, () => join(world, 'heartbeatGroup'));
  },
  ({ world }, _, later) => {
    cut(world, 'segment');
    cut(world, 'heartbeatGroup');
    later(100, 9000, () => {
      join(world, 'segment');
      join(world, 'heartbeatGroup');
    });
  },
  (scenario) => scenario.changePlan(),
  (scenario) => scenario.changePlan(),
  // From here on not in small scenarios, but in abrupt ones.
  ({ world, random }, node) => {
    const ms = random.between(500, 8000);
    world.note(`${node.name} does not hear the API server for ${ms.toFixed(0)} ms`);
    node.apiAwayUntil = world.now + ms;
  },
  (scenario) => {
    const { world, random } = scenario;
    for (const each of world.nodes) if (random.chance(0.5)) each.apiAwayUntil = world.now + random.between(500, 4000);
    world.note('the API server is away for some');
    scenario.changePlan();
  },
  ({ world, random, addresses }, _, later) => {
    if (addresses.some((address) => world.network.lans[0].foreignerUses(address))) return;
    const address = random.pick(addresses);
    world.note(`a foreign host uses ${address}`);
    world.network.lans[0].intrude(address, 0);
    later(100, 4000, () => {
      world.note(`the foreign host leaves ${address}`);
      world.network.lans[0].withdraw();
    });
  },
  ({ world }, node, later) => {
    node.port.segment = node.heartbeatGroup = 1;
    world.note(`${node.name} is cut off`);
    later(100, 5000, () => {
      node.port.segment = node.heartbeatGroup = 0;
      world.note(`${node.name} is back`);
    });
  },
  ({ world, random }, _, later) => {
    const faults = random.pick([world.network.lan, world.network.heartbeat]);
    const before = { ...faults };
    Object.assign(faults, { loss: random.between(0.1, 0.5), delayMs: random.between(1, 80) });
    world.note(`a storm: ${faults === world.network.lan ? 'the LAN' : 'heartbeats'} ${JSON.stringify(faults)}`);
    later(100, 3000, () => {
      Object.assign(faults, before);
      world.note('the storm is over');
    });
  },
  ({ world, random }, _, later) => {
    const key = new Uint8Array(32).fill(random.integer(1, 250));
    world.note(`the Secret has key ${key[0]} now`);
    for (const each of world.nodes) {
      // One that is started again has the new one alone.
      later(0, 5000, () => {
        world.note(`${each.name} reads key ${key[0]}`);
        world.setKeys(each, each.core === undefined ? [key] : [key, each.keys[0]]);
      });
    }
  },
  // From here on in abrupt scenarios alone.
  ({ world }, node, later) => {
    world.note(`${node.name} loses power`);
    world.kill(node);
    world.setLink(node, false);
    later(50, 3000, () => {
      world.setLink(node, true);
      world.start(node);
    });
  },
  ({ world, random }, node, later) => {
    const ms = random.between(20, random.chance(0.7) ? 350 : 3000);
    world.pause(node, ms, true);
    later(ms, ms, () => undefined);
  },
  ({ world }, node, later) => {
    world.setLink(node, false);
    later(10, 350, () => world.setLink(node, true));
  },
  ({ world }, node, later) => {
    world.kill(node);
    later(300, 600, () => world.start(node)); // a process takes longer to start than any packet of its former life to arrive
  },
  ({ world }, node, later) => {
    node.port.segment = node.heartbeatGroup = 1;
    world.note(`${node.name} is cut off`);
    later(50, 350, () => {
      node.port.segment = node.heartbeatGroup = 0;
      world.note(`${node.name} is back`);
    });
  },
  ({ world, random }, _, later) => {
    const { lan, heartbeat } = world.network, before = [{ ...lan }, { ...heartbeat }];
    const delayMs = random.between(20, 250);
    lan.delayMs = heartbeat.delayMs = delayMs;
    world.note(`packets take up to ${delayMs.toFixed(0)} ms`);
    later(100, 3000, () => {
      Object.assign(lan, before[0]);
      Object.assign(heartbeat, before[1]);
      world.note('packets are fast again');
    });
  },
];

/** Lets something happen to the scenario, and undoes it later. */
export function happen(scenario: Scenario): void {
  const { random, world, kind } = scenario;
  const node = random.pick(world.nodes);
  const later = (low: number, high: number, change: () => void) => world.at(world.now + random.between(low, high), () => scenario.disturb(change));
  const others = kind.lans ? LAN_HAPPENINGS : kind.disruptions ? DISRUPTIONS : undefined;
  const happening = others !== undefined && random.chance(0.6) ? random.pick(others) : HAPPENINGS[random.integer(...kind.happenings)];
  scenario.disturb(() => happening(scenario, node, later));
}

/** Everything is well from now on. */
export function heal(world: World): void {
  join(world, 'segment');
  join(world, 'heartbeatGroup');
  Object.assign(world.network.heartbeat, { loss: 0, duplication: 0 });
  for (const lan of world.network.lans) {
    Object.assign(lan.faults, { loss: 0, duplication: 0 });
    lan.withdraw();
  }
  for (const node of world.nodes) {
    node.deafTo.clear();
    node.apiAwayUntil = 0;
    for (const port of node.ports) {
      port.segment = 0;
      port.deafTo.clear();
      world.setLink(node, true, port);
      world.changeInterface(port, { name: port.usualName, present: true });
    }
  }
}
