/**
 * The keys of the heartbeats, and how one is changed without a gap.
 *
 * A user replaces the Secret (or deletes it, and the controller makes another), and the nodes read it one after another: within a moment, or after hours if
 * the API server is away from some. So a node that has read the new key goes on accepting the former, and all say which keys they accept. To each
 * peer that is up a node signs with the newest key that this peer accepts; to one that is not, whose keys it cannot know, it sends everything twice, once with each.
 * So no peer is lost while the keys differ, and one that was started meanwhile and knows the new key alone is found too.
 *
 * The former key is dropped once all peers have preferred the new one for a minute, or after an hour: a key that has leaked must not be good for ever.
 */
import { HeartbeatKey, heartbeatKey } from '../wire';
import { Peer } from './peer';

const AGREED_MS = 60_000;
const LONGEST_MS = 3_600_000;

export class Keys {
  /** The newest first. */
  accepted: readonly HeartbeatKey[] = [];
  private since = -Infinity;
  private agreedSince = Infinity;

  get any(): boolean {
    return this.accepted.length > 0;
  }

  get ids(): number[] {
    return this.accepted.map(({ id }) => id);
  }

  set(now: number, keys: readonly Uint8Array[]): void {
    this.accepted = keys.map(heartbeatKey);
    this.since = now;
    this.agreedSince = Infinity;
  }

  /** Whether what is sent to a peer is signed with this one of the accepted keys (too). */
  signs(key: HeartbeatKey, peer: Peer): boolean {
    if (this.accepted.length === 1 || !peer.linkUp) return true;
    const newest = this.accepted.find(({ id }) => peer.keys.includes(id));
    return newest === undefined || newest === key;
  }

  /** Drops the former key when its time is over; returns whether it did. */
  retire(now: number, peers: ReadonlyMap<string, Peer>): boolean {
    if (this.accepted.length < 2) return false;
    const newest = this.accepted[0].id;
    const agreed = [...peers.values()].every(({ up, linkUp, keys }) => up && (!linkUp || keys[0] === newest));
    this.agreedSince = agreed ? Math.min(this.agreedSince, now) : Infinity;
    if (now - this.agreedSince < AGREED_MS && now - this.since < LONGEST_MS) return false;
    this.accepted = this.accepted.slice(0, 1);
    return true;
  }
}
