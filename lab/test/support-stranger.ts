import { Cluster, CLIENT } from '..';
import { NODES } from '../../speaker/src/kube';

/**
 * Takes heartbeats that come to it, and sends them to the targets as they were, with more behind them, cut, and with one bit turned, each bit of each
 * octet in some of them. Plain JavaScript, for it runs inside the lab.
 */
const FORGER = `
const targets = process.argv[1].split(','), count = Number(process.argv[2]);
const socket = require('dgram').createSocket('udp4'), had = [];
const forgeries = (heartbeat, turn) => [
  heartbeat,
  Buffer.concat([heartbeat, Buffer.alloc(700)]),
  Buffer.concat([heartbeat, Buffer.alloc(40000)]),
  ...[0, 1, 4, 5, 7, 8, 32, 33, heartbeat.length - 16, heartbeat.length - 1].map((length) => heartbeat.subarray(0, length)),
  ...Array.from(heartbeat, (_, i) => { const copy = Buffer.from(heartbeat); copy[i] ^= 1 << turn % 8; return copy; }),
];
const send = (bytes, target) => new Promise((resolve, reject) => socket.send(bytes, 7946, target, (error) => error ? reject(error) : resolve()));
socket.on('message', async (heartbeat) => {
  if (had.push(Buffer.from(heartbeat)) !== count) return;
  let sent = 0;
  for (const [turn, one] of had.entries()) for (const forgery of forgeries(one, turn)) for (const target of targets) { await send(forgery, target); sent++; }
  console.log('sent ' + sent);
  process.exit(0);
});
socket.bind(7946);
`;

/** A Node that nobody is: so that speakers send the stranger their heartbeats. */
const PRETENDED = 'pretended';

/**
 * Somebody at the client's place, who has no key, gets hold of so many heartbeats and sends them back in all wrong ways.
 *
 * @returns how many datagrams were sent
 */
export async function forgeHeartbeats(cluster: Cluster, count: number): Promise<number> {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: PRETENDED } };
  const manager = { fieldManager: 'lab', force: true };
  const targets = cluster.nodes.map(({ internalAddress }) => internalAddress).join();
  const forger = cluster.network.start('client', { name: 'forger', argv: [process.execPath, '-e', FORGER, targets, `${count}`] });
  try {
    await cluster.client.apply(NODES, node as never, manager);
    await cluster.client.apply(NODES, { ...node, status: { addresses: [{ type: 'InternalIP', address: CLIENT.address }] } } as never, { ...manager, subresource: 'status' });
    return Number((await forger.untilOutput(/sent (\d+)/, 60_000))[1]);
  } finally {
    await forger.stop();
    await cluster.client.delete(NODES, PRETENDED);
  }
}
