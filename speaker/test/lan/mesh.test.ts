/** Clusters of more than 32 nodes: what a node sends does not grow with them, and everybody learns of a death soon. */
import { neighboursOf } from '../../src/lan/overlay';
import { Cluster, KNOWN_MS, TAKEOVER_MS } from '../simulation/cluster';

const namesOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `node-${44 + i}`);

describe('the neighbours', () => {
  test.each([33, 64, 100, 200])('of %i nodes are at most 16 each, mutual, and everybody is within five steps of everybody', (count) => {
    const names = namesOf(count);
    const neighbours = new Map(names.map((name) => [name, neighboursOf(name, names)]));
    for (const [name, others] of neighbours) {
      expect(others.size).toBeLessThanOrEqual(16);
      expect([...others].every((other) => other !== name && neighbours.get(other)!.has(name))).toBe(true);
    }
    let reached = new Set([names[0]]);
    for (let step = 0; step < 5; step++) reached = new Set([...reached, ...[...reached].flatMap((name) => [...neighbours.get(name)!])]);
    expect(reached.size).toBe(count);
  }, 30_000);

  test('change little when a node comes', () => {
    const names = namesOf(100);
    const changed = names.filter((name) => {
      const before = neighboursOf(name, names), after = neighboursOf(name, [...names, 'node-new']);
      return before.size !== after.size || [...before].some((other) => !after.has(other));
    });
    expect(changed.length).toBeLessThanOrEqual(16);
  });
});

// What it costs is counted in simulation.test.ts, up to 200 nodes.
test('64 nodes: one answers, all know of all, and a death is noticed in time', () => {
  const cluster = new Cluster(64).settle();
  const [first, second, third] = cluster.nodes;
  expect(cluster.answering).toEqual([first.name]);
  expect(cluster.viewsOf(first.name)).toEqual({ up: 63, down: 0 });

  expect(cluster.detectionOf(first)).toBeLessThan(KNOWN_MS);
  expect(cluster.viewsOf(first.name)).toEqual({ up: 0, down: 63 });
  cluster.runUntil(cluster.now + TAKEOVER_MS - KNOWN_MS);
  expect(cluster.answering).toEqual([second.name]);

  cluster.stop(second);
  cluster.runUntil(cluster.now + 200);
  expect(cluster.answering).toEqual([third.name]);

  cluster.start(first);
  cluster.runUntil(cluster.now + 1500);
  expect(cluster.answering).toEqual([third.name]);
  expect(cluster.viewsOf(first.name)).toEqual({ up: 62, down: 0 });
}, 60_000);

test('a holder whose heartbeats all are cut keeps its address: the LAN is asked before it is taken', () => {
  const cluster = new Cluster(40).settle();
  const [first] = cluster.nodes;
  first.heartbeatGroup = 1;
  for (let i = 0; i < 50; i++) {
    cluster.runUntil(cluster.now + 40);
    expect(cluster.answering).toEqual([first.name]);
  }
  expect(cluster.viewsOf(first.name).up).toBe(0);
  first.heartbeatGroup = 0;
  cluster.runUntil(cluster.now + 500);
  expect(cluster.viewsOf(first.name).down).toBe(0);
  expect(cluster.answering).toEqual([first.name]);
}, 60_000);

test('one link that is cut takes nobody down: others tell that both are alive', () => {
  const cluster = new Cluster(40).settle();
  const [first] = cluster.nodes;
  const neighbour = cluster.nodes.find(({ name }) => neighboursOf(first.name, cluster.names).has(name))!;
  first.deafTo.add(neighbour);
  neighbour.deafTo.add(first);
  cluster.runUntil(cluster.now + 2000);
  expect(cluster.viewsOf(first.name)).toEqual({ up: 39, down: 0 });
  expect(cluster.answering).toEqual([first.name]);
}, 60_000);

test('a cluster that grows from a full mesh to a sparse one, node by node, loses nobody', () => {
  const cluster = new Cluster(33);
  const small = cluster.names.slice(0, 32);
  const last = cluster.nodes[32];
  const whole = cluster.nodes.map(({ plan }) => plan);
  for (const node of cluster.nodes) {
    if (node === last) continue;
    const peers = node.latestPlan.peers.filter((peer) => peer.node !== last.name);
    node.latestPlan = { ...node.latestPlan, addresses: [{ address: cluster.address, candidates: small }], peers };
  }
  for (const node of cluster.nodes.slice(0, 32)) cluster.start(node);
  cluster.runUntil(1500);
  expect(cluster.answering).toEqual([cluster.names[0]]);
  cluster.start(last);
  const from = cluster.log.length;
  for (const [i, node] of cluster.nodes.entries()) cluster.at(cluster.now + i * 50, () => cluster.setPlan(node, whole[i]));
  cluster.runUntil(cluster.now + 4000);
  expect(cluster.log.slice(from).filter((line) => line.includes('peerDown'))).toEqual([]);
  expect(cluster.viewsOf(last.name)).toEqual({ up: 32, down: 0 });
  expect(cluster.answering).toEqual([cluster.names[0]]);
}, 60_000);
