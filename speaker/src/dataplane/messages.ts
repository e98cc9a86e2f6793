import { AddressSnapshot, FailbackOptions, LanEvent, LanPlan, LanPlanChange, LanSnapshot } from '../lan';
import { SysErrorValue } from '../sys';
import { KernelReport } from './kernel-watch';
import { LoopSnapshot } from './statistics';

/** What the data plane's thread is started with; plain data, as everything in this file, because it crosses threads. */
export interface WorkerOptions {
  readonly role: 'dataplane';
  readonly node: string;
  readonly heartbeatPort: number;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatMultiplier: number;
  readonly fastDetection: boolean;
  readonly excludeInterfaces?: string;
  readonly promiscuousInterfaces?: string;
  readonly gratuitousIntervalMs?: number;
  readonly failback?: FailbackOptions;
  readonly conflictDetection: boolean;
  /** Number of the eventfd that says there are messages. */
  readonly wakeup: number;
  /** One 32-bit number, 0 until the thread has closed its sockets. */
  readonly finished: SharedArrayBuffer;
}

/** From the main thread; each is followed by a signal on the eventfd. */
export type Command =
  | { readonly type: 'plan'; readonly plan: LanPlan }
  | { readonly type: 'planChange'; readonly change: LanPlanChange }
  | { readonly type: 'keys'; readonly keys: readonly Uint8Array[] }
  | { readonly type: 'snapshot'; readonly id: number }
  | { readonly type: 'stop' };

/** To the main thread. */
export type Report =
  | { readonly type: 'ready' }
  | { readonly type: 'events'; readonly events: readonly LanEvent[] }
  /** Some of the addresses of the snapshot that comes next. */
  | { readonly type: 'addresses'; readonly addresses: readonly AddressSnapshot[] }
  /** A snapshot with the last of its addresses, for all who asked before it was begun. */
  | { readonly type: 'snapshot'; readonly ids: readonly number[]; readonly snapshot: DataPlaneSnapshot }
  /** What the kernel of this node does by itself has changed. */
  | { readonly type: 'kernel'; readonly kernel: KernelReport }
  | { readonly type: 'problem'; readonly message: string; readonly fields: object }
  /** The last report of a thread that could not start, or cannot go on. */
  | { readonly type: 'failed'; readonly error: ErrorValue };

/** An error as plain data: structured clone keeps neither class nor code. */
export type ErrorValue =
  | { readonly kind: 'sys'; readonly value: SysErrorValue; readonly stack: string }
  | { readonly kind: 'other'; readonly code: string; readonly message: string; readonly stack: string };

/** All that the core knows, and how the loop fares. */
export interface DataPlaneSnapshot extends LanSnapshot {
  readonly loop: LoopSnapshot;
}
