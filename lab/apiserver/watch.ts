import { Faults } from './faults';
import { ApiError, ApiObject, JsonObject } from './objects';
import { Registry } from './registry';
import { apiVersion, ResourceType } from './resources';
import { Predicate } from './selectors';
import { StoredEvent } from './storage';
import { bucketOf, present } from './stored';

export interface WatchQuery {
  readonly matches: Predicate;
  /** Watch what happened after this; undefined or `0` begins with the objects that exist. */
  readonly resourceVersion?: string;
  readonly bookmarks: boolean;
  readonly timeoutMs: number;
  readonly bookmarkIntervalMs: number;
}

/** Where a watch writes to. */
export interface WatchSink {
  write(chunk: Buffer): void;
  end(): void;
  onClose(callback: () => void): void;
}

/**
 * Sends the events of one watch until its time is over or its client is gone.
 *
 * @throws ApiError 410 for a compacted resourceVersion, if that is to be answered by a status
 */
export function serveWatch(registry: Registry, type: ResourceType, query: WatchQuery, faults: Faults, open: () => WatchSink): void {
  const { storage } = registry;
  const start = query.resourceVersion === undefined || query.resourceVersion === '0' ? undefined : Number(query.resourceVersion);
  let missed: StoredEvent[];
  try {
    missed = start === undefined ? [] : storage.since(bucketOf(type), start);
  } catch (error) {
    if (faults.goneAs === 'status' || !(error instanceof ApiError)) throw error;
    const broken = open();
    send(broken, faults, { type: 'ERROR', object: error.toStatus() });
    broken.end();
    return;
  }
  const sink = open();
  const tell = (event: StoredEvent) => {
    const seen = translate(event, query.matches);
    if (seen) send(sink, faults, { type: seen.type, object: present(type, seen.object) });
  };
  if (start === undefined) {
    for (const [, object] of storage.read(bucketOf(type))) if (query.matches(object)) send(sink, faults, { type: 'ADDED', object: present(type, object) });
  }
  missed.forEach(tell);
  const bookmark = () => (start ?? 0) <= storage.revision && send(sink, faults, {
    type: 'BOOKMARK', object: { kind: type.kind, apiVersion: apiVersion(type), metadata: { resourceVersion: String(storage.revision), creationTimestamp: null } },
  });
  const unsubscribe = storage.subscribe((event) => { if (event.bucket === bucketOf(type)) tell(event); });
  const ticking = query.bookmarks ? setInterval(bookmark, query.bookmarkIntervalMs) : undefined;
  const deadline = setTimeout(() => {
    if (query.bookmarks) bookmark();
    sink.end();
  }, query.timeoutMs);
  sink.onClose(() => {
    unsubscribe();
    clearInterval(ticking);
    clearTimeout(deadline);
  });
}

/** An event as a watch with a selector sees it: an object that begins to match is added, one that ceases to match is deleted. */
function translate(event: StoredEvent, matches: Predicate): { readonly type: StoredEvent['type']; readonly object: ApiObject } | undefined {
  const is = event.type !== 'DELETED' && matches(event.object);
  const was = event.previous !== undefined && matches(event.previous);
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object: event.object };
  if (!was) return undefined;
  const { resourceVersion } = event.object.metadata;
  return { type: 'DELETED', object: { ...event.previous!, metadata: { ...event.previous!.metadata, resourceVersion } } };
}

function send(sink: WatchSink, faults: Faults, event: { type: string; object: JsonObject }): void {
  const line = Buffer.from(`${JSON.stringify(event)}\n`);
  for (const chunk of faults.splitLines?.(line) ?? [line]) sink.write(chunk);
}
