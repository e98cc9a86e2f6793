import { KubeClient } from './client';
import { Clock, systemClock } from './clock';
import { isKubeError } from './errors';
import { KubeLog, silentLog } from './log';
import { EVENTS } from './resources';
import { timeText } from './time';
import { KubeObject, ObjectReference } from './types';

/*
 * Events tell a user, through `kubectl describe`, what was decided about an object. They must never harm what they report on: the recorder
 * returns at once, its queue is bounded, and failures end in the log. The same event within ten minutes counts up in the object that is there,
 * because a fault that repeats each second would otherwise fill etcd. And as client-go's recorder does, it writes 25 times about one object, and from then
 * on once in five minutes: what happens meanwhile is counted, and told with the next write.
 */

/** How long the same event is counted in one object, in milliseconds. */
const AGGREGATION_MS = 10 * 60_000;
/** Writes about one object that may follow each other, and the time in which one more is earned, in milliseconds. */
const BURST = 25;
const REFILL_MS = 5 * 60_000;
/** Limits of the API: longer texts are refused. */
const MAX_NAME = 253;
const MAX_MESSAGE = 1024;
const MAX_REASON = 128;

export interface EventRecorderOptions {
  /** Who reports: `metallb-controller`, `metallb-speaker`. */
  readonly component: string;
  /** Node that the reporter runs on. */
  readonly host?: string;
  /** Different events that wait to be written; the oldest is dropped for one too many. @default 1000 */
  readonly queueLimit?: number;
  /** Events remembered for counting. @default 4096 */
  readonly memoryLimit?: number;
  /** Writes under way at the same time. @default 4 */
  readonly concurrency?: number;
  readonly log?: KubeLog;
  readonly clock?: Clock;
  /** Source of randomness in [0, 1), for names. @default Math.random */
  readonly random?: () => number;
}

/** One event and how often it happened. */
interface Entry {
  readonly key: string;
  readonly about: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly firstSeen: string;
  readonly firstAt: number;
  lastSeen: string;
  count: number;
  /** Name of the object in the API, once it was created. */
  name?: string;
}

/** Writes core/v1 Events. */
export class EventRecorder {
  private readonly log: KubeLog;
  private readonly clock: Clock;
  private readonly random: () => number;
  /** Oldest first: a Map keeps the order of insertion. */
  private readonly known = new Map<string, Entry>();
  private readonly queue = new Map<string, Entry>();
  /** By object, the least recently written first: when it would have its whole burst again. */
  private readonly spent = new Map<string, number>();
  private readonly writing = new Set<string>();
  private idle: Array<() => void> = [];
  private droppedCount = 0;
  private stopped = false;

  constructor(private readonly client: KubeClient, private readonly options: EventRecorderOptions) {
    this.log = options.log ?? silentLog;
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? Math.random;
  }

  /** Events that were given up: the queue was full, or the API server refused them. */
  get dropped(): number {
    return this.droppedCount;
  }

  /** Reports that something happened to `object`. Returns at once and never throws. */
  record(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    if (this.stopped) return;
    const { name, namespace, uid, resourceVersion } = object.metadata;
    const about: ObjectReference = { apiVersion: object.apiVersion, kind: object.kind, namespace, name, uid, resourceVersion };
    const text = truncate(message, MAX_MESSAGE);
    const key = JSON.stringify([object.kind, namespace, name, uid, type, reason, text]);
    const now = this.clock.now();
    const seen = timeText(this.clock.wallTime());
    let entry = this.known.get(key);
    if (!entry || now - entry.firstAt > AGGREGATION_MS) {
      entry = { key, about, type, reason: truncate(reason, MAX_REASON), message: text, firstSeen: seen, firstAt: now, lastSeen: seen, count: 0 };
    }
    entry.lastSeen = seen;
    entry.count += 1;
    this.remember(entry);
    if (this.queue.has(key) || this.spend(`${object.kind} ${namespace}/${name} ${uid}`, now)) this.enqueue(entry);
    this.pump();
  }

  /** Resolves when everything recorded so far is written or given up. */
  flush(): Promise<void> {
    if (this.queue.size === 0 && this.writing.size === 0) return Promise.resolve();
    return new Promise((resolve) => { this.idle.push(resolve); });
  }

  /** Writes nothing more; what is under way ends. */
  stop(): void {
    this.stopped = true;
    this.queue.clear();
    if (this.writing.size === 0) this.idle.splice(0).forEach((resolve) => resolve());
  }

  /** Whether one more write about the object is allowed (a token bucket, kept as the time at which it would be full). */
  private spend(object: string, now: number): boolean {
    const full = Math.max(now, this.spent.get(object) ?? 0) + REFILL_MS;
    if (full - now > BURST * REFILL_MS) return false;
    this.spent.delete(object);
    this.spent.set(object, full);
    if (this.spent.size > (this.options.memoryLimit ?? 4096)) this.spent.delete(this.spent.keys().next().value!);
    return true;
  }

  private remember(entry: Entry): void {
    this.known.delete(entry.key);
    this.known.set(entry.key, entry);
    if (this.known.size > (this.options.memoryLimit ?? 4096)) this.known.delete(this.known.keys().next().value!);
  }

  private enqueue(entry: Entry): void {
    this.queue.set(entry.key, entry);
    if (this.queue.size <= (this.options.queueLimit ?? 1000)) return;
    const oldest = this.queue.values().next().value!;
    this.queue.delete(oldest.key);
    this.droppedCount += 1;
    this.log.warn({ reason: oldest.reason, object: oldest.about.name, dropped: this.droppedCount }, 'too many events wait to be written, the oldest is dropped');
  }

  private pump(): void {
    for (const entry of this.queue.values()) {
      if (this.writing.size >= (this.options.concurrency ?? 4)) return;
      if (this.writing.has(entry.key)) continue; // its count goes out when the write under way is done
      this.queue.delete(entry.key);
      this.writing.add(entry.key);
      void this.write(entry).finally(() => {
        this.writing.delete(entry.key);
        this.pump();
        if (this.queue.size === 0 && this.writing.size === 0) this.idle.splice(0).forEach((resolve) => resolve());
      });
    }
  }

  private async write(entry: Entry): Promise<void> {
    const namespace = entry.about.namespace ?? 'default'; // where events about cluster-wide objects live
    try {
      if (entry.name && await this.countUp(entry, entry.name, namespace)) return;
      entry.name = this.eventName(entry.about.name);
      await this.client.create(EVENTS, {
        metadata: { name: entry.name, namespace },
        involvedObject: entry.about,
        type: entry.type,
        reason: entry.reason,
        message: entry.message,
        count: entry.count,
        firstTimestamp: entry.firstSeen,
        lastTimestamp: entry.lastSeen,
        source: { component: this.options.component, host: this.options.host },
        reportingComponent: this.options.component,
        reportingInstance: this.options.host ?? '',
      });
    } catch (error) {
      entry.name = undefined;
      if (this.stopped) return;
      this.droppedCount += 1;
      this.log.warn({ err: error, reason: entry.reason, object: entry.about.name, message: entry.message }, 'an event could not be written');
    }
  }

  /** Returns false if the object is gone: the API server removes events after an hour. */
  private async countUp(entry: Entry, name: string, namespace: string): Promise<boolean> {
    try {
      await this.client.patch(EVENTS, name, { count: entry.count, lastTimestamp: entry.lastSeen }, { namespace });
      return true;
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return false;
      throw error;
    }
  }

  /** `web.18f3a9c2d4e5b601`: the form of client-go, unique among the events of one object. */
  private eventName(object: string): string {
    const suffix = `${this.clock.wallTime().toString(16)}${Math.floor(this.random() * 0x1_0000_0000).toString(16).padStart(8, '0')}`;
    return `${object.slice(0, MAX_NAME - suffix.length - 1).replace(/[^a-z0-9]+$/, '')}.${suffix}`;
  }
}

/** Cuts `text` to `limit` bytes of UTF-8, never inside a character. */
function truncate(text: string, limit: number): string {
  if (Buffer.byteLength(text) <= limit) return text;
  let cut = Buffer.from(text).subarray(0, limit - 3).toString('utf8');
  while (cut.endsWith('\ufffd')) cut = cut.slice(0, -1);
  return `${cut}...`;
}
