/** Networks that fall apart: the first LAN, or the path of heartbeats. */
import type { VirtualNode } from './virtual-node';
import type { World } from './world';

export type Part = 'segment' | 'heartbeatGroup';

/** Puts a node where it is heard by those alone who are there, too. */
export function place(node: VirtualNode, what: Part, part: number): void {
  if (what === 'segment') node.port.segment = part;
  else node.heartbeatGroup = part;
}

/** In two, by chance. */
export function cut(world: World, what: Part): void {
  for (const node of world.nodes) place(node, what, world.random.integer(0, 1));
  world.note(`${what} cut: ${world.nodes.map((node) => `${node.name}=${what === 'segment' ? node.port.segment : node.heartbeatGroup}`).join(' ')}`);
}

export function join(world: World, what: Part): void {
  for (const node of world.nodes) place(node, what, 0);
  world.note(`${what} whole`);
}
