/**
 * Learns on which ways the kernels of peers answer, and how fast (path.ts), while all is well: once a minute for each way, so that silence tells something when it matters (suspicion.ts).
 */
import { Interface, Interfaces, subnetOf } from './interfaces';
import { Membership } from './membership';
import { Outbox } from './outbox';
import { Path } from './path';
import { Peer } from './peer';
import { resolve } from './questions';
import { LanEvent } from './types';

/** Between two looks at which peers' node addresses are to be asked for, and between two questions to one that has answered, and to one that has not. */
const SPACING_MS = 500;
const KNOWN_MS = 60_000;
const UNKNOWN_MS = 5000;
/** A peer that is heard again so soon after it was found off the LAN may have been there all the time. */
const REHABILITATION_MS = 500;

export class Calibration {
  private nextAt = -Infinity;

  constructor(private readonly membership: Membership, private readonly interfaces: Interfaces, private readonly outbox: Outbox) {}

  /** Asks the kernels that have not been asked for long. */
  tick(now: number): void {
    if (now < this.nextAt) return;
    this.nextAt = now + SPACING_MS;
    for (const peer of this.membership.peers.values()) {
      if (!peer.linkUp || !peer.prompt) continue;
      for (const iface of this.interfaces.announcing.values()) {
        const path = pathOf(peer, iface);
        if (path === undefined || now - path.triedAt < (path.hardwareAddress === undefined ? UNKNOWN_MS : KNOWN_MS)) continue;
        path.triedAt = now;
        askKernel(now, iface, path, this.outbox);
      }
    }
  }

  /** Peers that are found are asked at once; the ways to those that return too soon are not trusted. */
  heed(now: number, events: readonly LanEvent[]): void {
    for (const event of events) {
      const peer = event.code === 'peerUp' ? this.membership.peers.get(event.node) : undefined;
      if (peer === undefined || !peer.prompt) continue;
      this.nextAt = now;
      for (const iface of this.interfaces.announcing.values()) {
        const path = pathOf(peer, iface);
        if (peer.reason !== 'restarted' && now - peer.accusedAt < REHABILITATION_MS) path?.doubt(now);
      }
    }
  }
}

/** Asks for a peer's node address; everybody, if it may have another hardware address now. */
export function askKernel(now: number, iface: Interface, path: Path, outbox: Outbox, everybody = false): void {
  path.asked(now);
  resolve(iface, path.target, everybody ? undefined : path.hardwareAddress, outbox);
}

/** The way to a peer over an interface; undefined if it has no node address in a subnet of it. */
function pathOf(peer: Peer, iface: Interface): Path | undefined {
  const target = peer.protocolAddresses.find((address) => subnetOf(iface, address) !== undefined);
  let path = peer.paths.get(iface.index);
  if (target === undefined || path?.target === target) return path;
  peer.paths.set(iface.index, path = new Path(target));
  return path;
}
