/**
 * Peers of the speaker that is measured: the same core as in a speaker, the same key, the same octets, but many of them in one process, without a responder and without a Kubernetes client.
 * To the measured speaker they speak by UDP, each from an address of its own; among themselves without a socket, for that would cost more than all that is to be measured.
 * Even so a mesh of 32 is some ten thousand datagrams a second to verify, for which one process has not the time: its peers would lose each other, and the measured speaker them, again and again. So they hear each
 * other once a second only, and are content with that; and what the measured speaker sends comes first. What they send to it, and that it comes ten times a second, is the same.
 *
 * Says `up` when all of them and the measured speaker hear each other.
 */
import { randomBytes } from 'crypto';
import { createSocket, Socket } from 'dgram';
import { LanCore, Outbox } from '../speaker/src/lan';
import { HeartbeatType } from '../speaker/src/wire';

export interface PeersSetup {
  /** Base64. */
  readonly key: string;
  readonly port: number;
  readonly measured: { readonly node: string; readonly address: string };
  readonly peers: readonly { readonly node: string; readonly address: string }[];
}

const INTERVAL_MS = 100;
/** Of heartbeats missed; only one in ten is heard among the peers. */
const MULTIPLIER = 30;
/** Between two rounds of a peer that the others hear. */
const HEARD_EVERY_MS = 1000;
/** For so long at most datagrams of peers are handed over before sockets and timers have their turn: when a thousand addresses are passed on, thousands wait. */
const TURN_MS = 2;
/** Where a datagram has its type. */
const TYPE_OFFSET = 5;

class Peer {
  private readonly core: LanCore;
  private readonly socket: Socket = createSocket('udp4');
  private timer: NodeJS.Timeout | undefined;
  private unheardUntil = -Infinity;

  constructor(readonly node: string, readonly address: string, private readonly cluster: Peers) {
    const incarnation = randomBytes(8).readBigUInt64BE();
    this.core = new LanCore({ node, incarnation, random: Math.random, heartbeat: { intervalMs: INTERVAL_MS, multiplier: MULTIPLIER } });
    this.socket.on('message', (datagram, { address: from }) => this.receive(from, datagram));
  }

  start({ key, port, measured, peers }: PeersSetup): void {
    this.socket.bind(port, this.address, () => {
      this.drain(this.core.setKeys(performance.now(), [Buffer.from(key, 'base64')]));
      const others = [measured, ...peers].filter(({ node }) => node !== this.node).map(({ node, address }) => ({ node, addresses: [address] }));
      this.drain(this.core.setPlan(performance.now(), { node: this.node, addresses: [], peers: others }));
    });
  }

  receive(from: string, datagram: Uint8Array): void {
    this.drain(this.core.receiveHeartbeat(performance.now(), from, datagram, datagram.length));
  }

  send(to: string, port: number, datagram: Uint8Array): void {
    this.socket.send(datagram, port, to);
  }

  private drain(outbox: Outbox): void {
    const now = performance.now(), heard = now >= this.unheardUntil;
    for (let i = 0; i < outbox.datagramCount; i++) {
      const { to, bytes, length } = outbox.datagrams[i];
      const relay = bytes[TYPE_OFFSET] === Number(HeartbeatType.RELAY); // what is passed on of others is said once
      if (heard && !relay) this.unheardUntil = now + HEARD_EVERY_MS;
      this.cluster.send(this, to, bytes.subarray(0, length), heard || relay);
    }
    for (const event of outbox.events) if (event.code === 'peerUp' || event.code === 'peerDown') this.cluster.heard(this, event.node, event.code === 'peerUp');
    clearTimeout(this.timer);
    const deadline = this.core.nextDeadline();
    if (deadline === Infinity) return; // it has no plan yet
    this.timer = setTimeout(() => this.drain(this.core.tick(performance.now())), Math.max(0, deadline - performance.now()));
  }
}

class Peers {
  private readonly byAddress = new Map<string, Peer>();
  private readonly heardBy = new Set<Peer>();
  private waiting: (() => void)[] = [];

  constructor(private readonly setup: PeersSetup) {
    for (const { node, address } of setup.peers) this.byAddress.set(address, new Peer(node, address, this));
  }

  start(): void {
    for (const peer of this.byAddress.values()) peer.start(this.setup);
  }

  send(from: Peer, to: string, datagram: Uint8Array, heard: boolean): void {
    const other = this.byAddress.get(to), copy = other === undefined || heard ? datagram.slice() : undefined;
    if (copy === undefined) return;
    if (other === undefined) from.send(to, this.setup.port, copy);
    else if (this.waiting.push(() => other.receive(from.address, copy)) === 1) setImmediate(() => this.handOver());
  }

  private handOver(): void {
    const end = performance.now() + TURN_MS;
    let done = 0;
    while (done < this.waiting.length && performance.now() < end) this.waiting[done++]();
    this.waiting = this.waiting.slice(done);
    if (this.waiting.length > 0) setImmediate(() => this.handOver());
  }

  heard(by: Peer, node: string, up: boolean): void {
    if (node !== this.setup.measured.node) return;
    if (up) this.heardBy.add(by);
    else this.heardBy.delete(by);
    if (this.heardBy.size === this.byAddress.size) console.log('up');
  }
}

new Peers(JSON.parse(process.argv[2]) as PeersSetup).start();
