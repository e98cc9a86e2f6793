import { Backoff } from './backoff';
import { KubeClient } from './client';
import { Clock, pause, systemClock } from './clock';
import { connectionError, isKubeError, KubeError } from './errors';
import { KubeLog, silentLog } from './log';
import { Selection } from './options';
import { ResourceRef, resourceName } from './resources';
import { Delta, keyOf, Store } from './store';
import { KubeObject, StoredObject, WatchEvent } from './types';

/*
 * How a reflector keeps its store true:
 *
 *      start ──► list, page by page ──► watch from the list's resourceVersion ──┐
 *                  ▲        │               │    ▲                              │ ended by its timeout, or
 *                  │        │ failed        │    └──────────────────────────────┘ broken: go on from the last event or bookmark
 *                  │        ▼               ▼
 *                  └──── wait (exponential, with jitter) ── 410 Gone: that point in history is compacted, so list again
 *
 * A watch hears a bookmark each minute even when nothing happens. One that hears nothing for three is not believed: the server may be of another
 * history (etcd restored from a backup accepts a watch from what is to it the future, and is silent until it gets there), so list again too.
 *
 * It never gives up and never stops by itself: whatever happens is told through onState, and the loop goes on. A list after the first one
 * is compared with the store, so callers hear only what differs, and also what was deleted while nobody watched.
 */

export interface ReflectorOptions<T extends StoredObject> extends Selection {
  readonly resource: ResourceRef;
  /** Keeps of an object what its readers need; the rest is garbage at once. Must not throw. @default - the whole object */
  readonly project?: (raw: KubeObject) => T;
  /** Told each change after the store has it, in the order of the API. */
  readonly onChange?: (delta: Delta<T>) => void;
  /** Told each change of state, for logs and metrics. */
  readonly onState?: (state: ReflectorState) => void;
  /** Objects in a page of a list. @default 500 */
  readonly pageSize?: number;
  /** A watch that hears neither event nor bookmark for so long, in milliseconds, is replaced by a list. @default 180000 */
  readonly silenceMs?: number;
  /** Limits of the random duration that each watch asks for, in seconds. @default [300, 600] */
  readonly watchSeconds?: readonly [number, number];
  readonly log?: KubeLog;
  readonly clock?: Clock;
  /** Source of randomness in [0, 1). @default Math.random */
  readonly random?: () => number;
  readonly backoff?: Backoff;
}

export interface ReflectorState {
  /** `waiting`: the last attempt failed with `error`, and the next is made in `retryInMs`. */
  readonly phase: 'idle' | 'listing' | 'watching' | 'waiting' | 'stopped';
  /** The store is complete and the server has accepted a watch that keeps it so. */
  readonly healthy: boolean;
  readonly error?: KubeError;
  readonly retryInMs?: number;
}

/** A watch that ends sooner than this without an event has done nothing; a loop of these must be slowed down. */
const SHORT_WATCH_MS = 1_000;
/** Watches refused so often in a row by an answering server are not refused for the moment: start over from a list. */
const REFUSALS_BEFORE_LIST = 3;

/** Mirrors the objects of one resource into a {@link Store} and tells what changes. */
export class Reflector<T extends StoredObject> {
  readonly store = new Store<T>();
  /** Resolves once the store holds a complete list. Rejects with `Closed` if the reflector is stopped before. */
  readonly synced: Promise<void>;
  private readonly name: string;
  private readonly clock: Clock;
  private readonly log: KubeLog;
  private readonly random: () => number;
  private readonly backoff: Backoff;
  private readonly project: (raw: KubeObject) => T;
  private readonly stopping = new AbortController();
  private markSynced!: () => void;
  private markFailed!: (reason: KubeError) => void;
  private running?: Promise<void>;
  private current: ReflectorState = { phase: 'idle', healthy: false };
  private resourceVersion?: string;
  private heardAt = -Infinity;
  private refusals = 0;
  private listWhole = false;

  constructor(private readonly client: KubeClient, private readonly options: ReflectorOptions<T>) {
    this.name = resourceName(options.resource);
    this.clock = options.clock ?? systemClock;
    this.log = options.log ?? silentLog;
    this.random = options.random ?? Math.random;
    this.backoff = options.backoff ?? new Backoff({ random: this.random });
    this.project = options.project ?? ((raw) => raw as unknown as T);
    this.synced = new Promise((resolve, reject) => {
      this.markSynced = resolve;
      this.markFailed = reject;
    });
    this.synced.catch(() => undefined); // nobody has to wait for it
  }

  get state(): ReflectorState {
    return this.current;
  }

  get healthy(): boolean {
    return this.current.healthy;
  }

  /**
   * Milliseconds since the API server last said something here: a list, an accepted watch, an event or a bookmark (which a quiet watch gets about once
   * a minute). Infinity before the first. `now` is monotonic, of the reflector's clock.
   */
  age(now: number = this.clock.now()): number {
    return now - this.heardAt;
  }

  /** Begins; further calls do nothing. */
  start(): void {
    this.running ??= this.run();
  }

  /** Ends the watch and resolves when nothing more will be told. The store stays readable. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    this.enter({ phase: 'stopped', healthy: false });
    this.markFailed(new KubeError('Closed', `the reflector of ${this.name} was stopped before its first list was complete`));
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        if (this.resourceVersion === undefined) await this.list();
        await this.watch(this.resourceVersion!);
      } catch (cause) {
        if (signal.aborted) return;
        const error = isKubeError(cause) ? cause : connectionError(cause, this.client.config.server, this.client.config.source);
        this.forgetHistoryAfter(error);
        const retryInMs = Math.max(this.backoff.fail(), error.retryAfterMs ?? 0);
        this.enter({ phase: 'waiting', healthy: false, error, retryInMs });
        await pause(this.clock, retryInMs, signal);
      }
    }
  }

  private async list(): Promise<void> {
    const { resource, namespace, labelSelector, fieldSelector, pageSize } = this.options;
    const { signal } = this.stopping;
    this.enter({ phase: 'listing', healthy: false });
    const keys = new Set<string>();
    let resourceVersion = '';
    let pages = 0;
    try {
      const limit = this.listWhole ? 0 : pageSize ?? 500;
      for await (const page of this.client.listPages(resource, { namespace, labelSelector, fieldSelector, limit, signal })) {
        this.heardAt = this.clock.now();
        for (const raw of page.items) {
          keys.add(keyOf(raw));
          this.put(raw);
        }
        resourceVersion = page.resourceVersion;
        pages += 1;
      }
    } catch (error) {
      // Pages are read at one point in history; a list slower than the compaction has to come in one piece.
      if (pages > 0 && isKubeError(error, 'Gone')) this.listWhole = true;
      throw error;
    }
    this.listWhole = false;
    this.emit(this.store.retain(keys));
    this.resourceVersion = resourceVersion;
    this.markSynced();
  }

  private async watch(resourceVersion: string): Promise<void> {
    const { resource, namespace, labelSelector, fieldSelector, watchSeconds: [least, most] = [300, 600] } = this.options;
    const started = this.clock.now();
    const silence = this.watchSilence();
    let events = 0;
    const watch = this.client.watch<KubeObject>(resource, {
      namespace,
      labelSelector,
      fieldSelector,
      resourceVersion,
      timeoutSeconds: Math.round(least + this.random() * (most - least)),
      signal: silence.signal,
      onOpen: () => {
        this.heardAt = this.clock.now();
        this.enter({ phase: 'watching', healthy: true });
      },
    });
    try {
      for await (const event of watch) {
        this.heardAt = this.clock.now();
        this.handle(event);
        this.resourceVersion = event.object.metadata.resourceVersion;
        this.progress();
        events += 1;
      }
    } catch (error) {
      throw silence.error ?? error;
    } finally {
      silence.end();
    }
    const lasted = Math.round(this.clock.now() - started);
    if (events === 0 && lasted < SHORT_WATCH_MS) throw new KubeError('ConnectionLost', `watch ${this.name}: the server ended the watch after ${lasted} ms without an event`);
    this.progress();
  }

  /** A signal that aborts the watch when the reflector is stopped, or when nothing was heard for too long. */
  private watchSilence(): { readonly signal: AbortSignal; readonly error?: KubeError; end(): void } {
    const limit = this.options.silenceMs ?? 180_000;
    const controller = new AbortController();
    const stop = () => controller.abort();
    this.stopping.signal.addEventListener('abort', stop, { once: true });
    if (this.stopping.signal.aborted) stop();
    const begun = this.clock.now();
    let error: KubeError | undefined;
    let cancel: () => void;
    const check = () => {
      const left = limit - (this.clock.now() - Math.max(begun, this.heardAt));
      if (left > 0) {
        cancel = this.clock.schedule(check, left);
        return;
      }
      error = new KubeError('Timeout', `watch ${this.name}: nothing was heard for ${limit / 1000} s, not even a bookmark; listing again`);
      this.resourceVersion = undefined;
      stop();
    };
    cancel = this.clock.schedule(check, limit);
    return {
      signal: controller.signal,
      get error() { return error; },
      end: () => {
        cancel();
        this.stopping.signal.removeEventListener('abort', stop);
      },
    };
  }

  private handle(event: WatchEvent<KubeObject>): void {
    if (event.type === 'DELETED') this.emit(this.store.remove(keyOf(event.object)));
    else if (event.type === 'ADDED' || event.type === 'MODIFIED') this.put(event.object);
    else if (event.type !== 'BOOKMARK') throw new KubeError('BadResponse', `watch ${this.name}: unknown event type ${JSON.stringify(event.type)}`);
  }

  private progress(): void {
    this.backoff.progress();
    this.refusals = 0;
  }

  /** Decides whether the next attempt may go on from where the last one ended. */
  private forgetHistoryAfter(error: KubeError): void {
    const tooLarge = error.body?.details?.causes?.some((cause) => cause.reason === 'ResourceVersionTooLarge') ?? false; // etcd restored from a backup
    if (error.status !== undefined || error.code === 'BadResponse') this.refusals += 1;
    if (error.code !== 'Gone' && !tooLarge && this.refusals < REFUSALS_BEFORE_LIST) return;
    this.resourceVersion = undefined;
    this.refusals = 0;
  }

  private put(raw: KubeObject): void {
    let object: T;
    try {
      object = this.project(raw);
    } catch (error) {
      this.log.error({ err: error, resource: this.name, object: keyOf(raw) }, 'an object could not be read and is kept as it was');
      return;
    }
    this.emit(this.store.put(object));
  }

  private emit(deltas: ReadonlyArray<Delta<T>>): void {
    for (const delta of deltas) this.tell(() => this.options.onChange?.(delta), `${delta.type} ${keyOf(delta.object)}`);
  }

  private enter(state: ReflectorState): void {
    this.current = state;
    this.tell(() => this.options.onState?.(state), state.phase);
  }

  /** A callback that throws is a defect of its owner, and no reason to stop watching. */
  private tell(callback: () => void, about: string): void {
    try {
      callback();
    } catch (error) {
      this.log.error({ err: error, resource: this.name, about }, 'a callback of the reflector failed');
    }
  }
}
