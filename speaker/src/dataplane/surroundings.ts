/** What the loop touches, as interfaces: the core above it, the kernel and the main thread around it. In production see `worker.ts`. */
import { LanPlan, LanPlanChange, LanSummary, Link, Outbox, Survey } from '../lan';
import { NetworkLink, PacketStatistics, Undelivered } from '../sys';
import { Command, Report } from './messages';

/** What the loop needs of the core; see `LanCore`. */
export interface Core {
  /** Whether nothing is left to do after `stop`. */
  readonly ended: boolean;
  setPlan(now: number, plan: LanPlan): Outbox;
  changePlan(now: number, change: LanPlanChange): Outbox;
  setLinks(now: number, links: readonly Link[]): Outbox;
  setKeys(now: number, keys: readonly Uint8Array[]): Outbox;
  receiveFrame(now: number, ifindex: number, frame: Uint8Array, length: number, receivedAt?: number): Outbox;
  receiveHeartbeat(now: number, from: string, datagram: Uint8Array, length: number): Outbox;
  heartbeatRefused(now: number, to: string): Outbox;
  tick(now: number): Outbox;
  nextDeadline(): number;
  stop(now: number): Outbox;
  summary(now: number): LanSummary;
  survey(): Pick<Survey, 'done' | 'take'>;
}

/** What the loop needs of the kernel and of the main thread; see `Epoll`, `Timer`, `Wakeup`, `PacketSocket`,
 * `Ipv6Groups`, `UdpSocket`, `LinkMonitor`. */
export interface Surroundings {
  readonly epoll: {
    add(descriptor: { readonly fd: number }): void;
    remove(descriptor: { readonly fd: number }): void;
    wait(timeoutMs: number): number;
    ready(index: number): number;
  };
  readonly timer: { readonly fd: number; arm(atMs: number): void };
  readonly wakeup: { readonly fd: number; clear(): void };
  /** Receives ARP, and sends everything. */
  readonly packets: FrameSource & {
    send(interfaceIndex: number, frame: Uint8Array, length: number): number;
    setPromiscuous(interfaceIndex: number, promiscuous: boolean): void;
  };
  /** Receives IPv6, of which the filter leaves neighbour discovery. */
  readonly neighbors: FrameSource & {
    setMulticast(interfaceIndex: number, hardwareAddress: Uint8Array, member: boolean): void;
    setAllMulticast(interfaceIndex: number, all: boolean): void;
  };
  readonly groups: {
    join(interfaceIndex: number, group: Uint8Array): void;
    leave(interfaceIndex: number, group: Uint8Array): void;
  };
  /** One for each family that this machine has. */
  readonly heartbeats: readonly HeartbeatSocket[];
  now(): number;
  /** A parameter of the kernel by its path below `/proc/sys/net`; undefined when it cannot be read. */
  parameter(path: string): number | undefined;
  openLinks(): LinkSource;
  /** The next message of the main thread, if there is one. */
  nextCommand(): Command | undefined;
  report(report: Report): void;
}

export interface FrameSource {
  readonly fd: number;
  readonly interfaceIndex: number;
  receive(into: Uint8Array): number;
  setFilter(program: Uint8Array): void;
  statistics(): PacketStatistics;
}

export interface HeartbeatSocket {
  readonly fd: number;
  readonly source: string;
  readonly ipv6: boolean;
  receive(into: Uint8Array): number;
  send(address: string, bytes: Uint8Array, length: number): number;
  undelivered(): Undelivered | undefined;
}

export interface LinkSource {
  readonly fd: number;
  readonly links: readonly NetworkLink[];
  readonly listingsStarted: number;
  read(): boolean;
  close(): void;
}
