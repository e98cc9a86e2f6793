import { createHash } from 'crypto';
import { covers } from './_advertisements';
import { Scene, sceneOf } from './_examine';
import { Outcome, outcomesOf } from './_outcome';
import { Balancer, Registry } from './_registry';
import { Resource } from './_resources';
import { selectorText } from './_selectors';

/** The plan of a load balancer as Markdown; see `HomeLoadBalancer.plan()`. */
export function planOf(registry: Registry, balancer: Balancer): string {
  const scene = sceneOf(registry, balancer);
  const outcomes = outcomesOf(scene, registry, balancer);
  const peers = scene.resources.filter(({ kind }) => kind === 'BGPPeer').sort(byName);
  const { construct, namespace, loadBalancerClass, nodes } = balancer;
  return [
    `# Plan of ${construct.node.path}`,
    `Namespace \`${namespace}\`; serves Services ${loadBalancerClass ? `of class \`${loadBalancerClass}\`` : 'without a class'}; ` +
      (nodes ? `nodes ${nodes.map(({ name }) => `\`${name}\``).join(', ')}.` : 'nodes not given.'),
    '## Services',
    table(['Service', 'ports', 'asks for', 'pool', 'address', 'announced by'], outcomes.map(serviceRow)),
    '## Pools',
    table(['pool', 'addresses', 'for', 'announced by'], [...scene.pools].sort(byName).map((pool) => poolRow(pool, scene))),
    ...peers.length === 0 ? [] : ['## Routers', table(['peer', 'router', 'AS', 'AS of the cluster', 'nodes'], peers.map(peerRow))],
    '## Picture',
    picture(outcomes, peers),
  ].join('\n\n') + '\n';
}

function serviceRow({ name, ports, wish, pools, addresses, problems, ways }: Outcome): string[] {
  if (problems.length > 0) return [name, ports, wish, '–', '–', problems.join('; ')];
  const announced = ways.map(({ kind, words }) => `${kind}: ${words}`).join('; ');
  return [name, ports, wish, pools.join(' or ') || '–', addresses.join(', ') || 'chosen by the controller',
    announced || (pools.length > 1 ? 'depends on the pool' : 'not by this app')];
}

function poolRow(pool: Scene['pools'][number], { advertisements }: Scene): string[] {
  const whom = [
    ...pool.draining ? ['who has an address already'] : [],
    ...pool.autoAssign ? [] : ['who asks for it'],
    ...pool.namespaces.length > 0 ? [`namespaces ${pool.namespaces.join(', ')}`] : [],
    ...pool.namespaceSelectors.length > 0 ? [`namespaces with ${pool.namespaceSelectors.map(selectorText).join(' or ')}`] : [],
    ...pool.serviceSelectors.length > 0 ? [`Services with ${pool.serviceSelectors.map(selectorText).join(' or ')}`] : [],
  ];
  const ways = advertisements.filter((advertisement) => covers(advertisement, pool)).map(({ resource }) => `${resource.kind} ${resource.name}`);
  const excluded = pool.excluded.length > 0 ? ` without ${pool.excluded.map(({ text }) => text).join(', ')}` : '';
  return [pool.name, (pool.intervals.map(({ text }) => text).join(', ') || 'known when applied') + excluded, whom.join('; ') || 'everybody', ways.join(', ') || '–'];
}

function peerRow({ name, spec }: Resource): string[] {
  const where = spec.peerAddress ? `${spec.peerAddress}${spec.peerPort && spec.peerPort !== 179 ? ` port ${spec.peerPort}` : ''}` : `behind ${spec.interface}`;
  const nodes = (spec.nodeSelectors ?? []).map(selectorText).join(' or ');
  return [name, where, String(spec.peerASN ?? spec.dynamicASN), String(spec.localASN ?? spec.myASN), nodes || 'every node'];
}

/** From Services over addresses to the nodes that would answer and the routers that are told. */
function picture(outcomes: readonly Outcome[], peers: readonly Resource[]): string {
  const lines = new Set<string>();
  const node = (kind: string, text: string, label = text) => `${kind}_${idOf(text)}["${label.replace(/["<>&`]/g, ' ')}"]`;
  for (const { name, ports, pools, addresses, ways } of outcomes) {
    const service = node('service', name, `${name}: ${ports}`);
    const goals = addresses.length > 0 ? addresses.map((address) => node('address', address)) : pools.map((pool) => node('pool', pool, `an address of ${pool}`));
    for (const goal of goals) {
      lines.add(`${service} --> ${goal}`);
      for (const way of ways) {
        if (way.kind === 'BGP') way.peers.forEach((peer) => lines.add(`${goal} -- BGP --> ${node('peer', peer, peerLabel(peer, peers))}`));
        else if (way.ordered && way.nodes.length > 0) lines.add(`${goal} -- layer 2 --> ${node('node', way.nodes[0])}`);
        else lines.add(`${goal} -. layer 2 .-> ${node('node', way.words)}`);
      }
    }
  }
  return ['```mermaid', 'flowchart LR', ...[...lines].map((line) => `  ${line}`), '```'].join('\n');
}

function peerLabel(peer: string, peers: readonly Resource[]): string {
  const spec = peers.find(({ name }) => name === peer)?.spec;
  return spec ? `${peer} ${spec.peerAddress ?? spec.interface} AS ${spec.peerASN ?? spec.dynamicASN}` : peer;
}

/** An identifier that depends on nothing but the text: a new Service does not change the lines of the others. */
function idOf(text: string): string {
  return `${text.toLowerCase().replace(/[^a-z0-9]+/g, '_').slice(0, 40)}_${createHash('sha256').update(text).digest('hex').slice(0, 4)}`;
}

function table(head: readonly string[], rows: readonly string[][]): string {
  if (rows.length === 0) return 'None.';
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replace(/\|/g, '\\|').replace(/\s+/g, ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
