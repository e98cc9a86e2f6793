import { ApiObject, expired } from './objects';

/** What happened to one object. `previous` is its state before, so that a watch with a selector can tell entering from leaving. */
export interface StoredEvent {
  readonly revision: number;
  readonly bucket: string;
  readonly key: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: ApiObject;
  readonly previous?: ApiObject;
}

/** Changes kept without being asked to compact: more than any watch should be behind. */
const MAX_HISTORY = 50_000;

/**
 * What etcd is to Kubernetes: objects in buckets (one a resource), one revision counter for all, and a history that can be read and watched from any
 * revision that has not been compacted. Objects in it are never changed, only replaced.
 */
export class Storage {
  private readonly buckets = new Map<string, Map<string, ApiObject>>();
  private readonly listeners = new Set<(event: StoredEvent) => void>();
  private history: StoredEvent[] = [];
  private current = 1;
  private compacted = 1;

  /** Revision of the last change. */
  get revision(): number {
    return this.current;
  }

  /** Nothing at or before this revision can be watched or read any more. */
  get compactedRevision(): number {
    return this.compacted;
  }

  get(bucket: string, key: string): ApiObject | undefined {
    return this.buckets.get(bucket)?.get(key);
  }

  /** Everything in the bucket at `revision`, by key in byte order. @throws ApiError 410 */
  read(bucket: string, revision: number = this.current): Array<readonly [string, ApiObject]> {
    if (revision < this.compacted) throw expired('The provided continue parameter is too old to display a consistent list result.');
    const state = new Map(this.buckets.get(bucket));
    for (let index = this.history.length - 1; index >= 0 && this.history[index].revision > revision; index -= 1) {
      const event = this.history[index];
      if (event.bucket !== bucket) continue;
      if (event.previous) state.set(event.key, event.previous);
      else state.delete(event.key);
    }
    return [...state].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Stores a new or changed object; the caller gives it up. Returns it with its resourceVersion. */
  put(bucket: string, key: string, object: ApiObject): ApiObject {
    const previous = this.get(bucket, key);
    this.current += 1;
    object.metadata.resourceVersion = String(this.current);
    this.bucket(bucket).set(key, object);
    this.record({ revision: this.current, bucket, key, type: previous ? 'MODIFIED' : 'ADDED', object, previous });
    return object;
  }

  /** Removes an object. Returns its last state, which carries the resourceVersion of the deletion as in a watch. */
  delete(bucket: string, key: string): ApiObject | undefined {
    const previous = this.get(bucket, key);
    if (!previous) return undefined;
    this.current += 1;
    this.bucket(bucket).delete(key);
    const object = { ...previous, metadata: { ...previous.metadata, resourceVersion: String(this.current) } };
    this.record({ revision: this.current, bucket, key, type: 'DELETED', object, previous });
    return object;
  }

  /** What happened in `bucket` after `revision`. @throws ApiError 410 */
  since(bucket: string, revision: number): StoredEvent[] {
    if (revision < this.compacted) throw expired(`too old resource version: ${revision} (${this.compacted})`);
    return this.history.filter((event) => event.bucket === bucket && event.revision > revision);
  }

  /** Calls `listener` for each change from now on, until the returned function is called. */
  subscribe(listener: (event: StoredEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Forgets history up to `revision`. */
  compact(revision: number = this.current): void {
    this.compacted = Math.max(this.compacted, revision);
    this.history = this.history.filter((event) => event.revision > this.compacted);
  }

  private bucket(name: string): Map<string, ApiObject> {
    let bucket = this.buckets.get(name);
    if (!bucket) this.buckets.set(name, bucket = new Map<string, ApiObject>());
    return bucket;
  }

  private record(event: StoredEvent): void {
    this.history.push(event);
    if (this.history.length > MAX_HISTORY) this.compact(this.history[MAX_HISTORY / 2].revision);
    for (const listener of [...this.listeners]) listener(event);
  }
}
