import { SpeakerMetrics } from '../observability';
import { runRole, type RoleOptions } from '../role';
import { Speaker } from './speaker';

export interface SpeakerOptions extends RoleOptions {
  /** Name of this node, as in Kubernetes. */
  readonly nodeName: string;
  /** Whether speakers tell each other that they live; `off`: every node counts as alive, as with MetalLB without memberlist. */
  readonly heartbeats: 'on' | 'off';
  /** UDP port on which speakers hear each other. */
  readonly heartbeatPort: number;
  /** Time between two heartbeats, in milliseconds. */
  readonly heartbeatInterval: number;
  /** Missed heartbeats after which a node is dead. */
  readonly heartbeatMultiplier: number;
  /** Whether a node whose heartbeat is overdue is asked, rather than waited for. */
  readonly fastDetection: 'on' | 'off';
  /** Regular expression for the names of interfaces on which nothing is announced. */
  readonly excludeInterfaces: string;
  /** Seconds between two unasked-for announcements of an address; 0 switches them off. */
  readonly gratuitousArpInterval: number;
  /** Regular expression for the names of interfaces that are asked for all frames, or `auto` for wireless ones. */
  readonly promiscuousInterfaces: string;
  /** Whether foreign hosts are asked for before an address is first announced. */
  readonly conflictDetection: 'on' | 'off';
  /** When an address goes back to a better candidate that has returned. */
  readonly failback: 'never' | 'hold-down' | 'immediate';
  /** Seconds that the better candidate must have been there, with `failback` `hold-down`. */
  readonly failbackHoldDown: number;
  /** Announce from nodes too that carry the label `node.kubernetes.io/exclude-from-external-load-balancers`. */
  readonly ignoreExcludeLb: boolean;
}

/** Runs the speaker until a signal ends the process. */
export async function runSpeaker(options: SpeakerOptions): Promise<void> {
  const metrics = new SpeakerMetrics();
  await runRole(options, metrics, (context) => Speaker.start({ ...options, ...context, metrics }));
}
