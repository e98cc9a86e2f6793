import { failure, parseJson, retryAfter, text } from './answers';
import { Clock, pause, systemClock } from './clock';
import { ClusterConfig } from './config';
import { describe, KubeError, RequestSubject, statusError } from './errors';
import { toJson } from './json';
import { LineSplitter } from './lines';
import { KubeLog, silentLog } from './log';
import { ApplyOptions, DeleteOptions, ListOptions, ObjectOptions, PatchOptions, StatusPatch, WatchOptions, WriteOptions } from './options';
import { managerQuery, path, selectionQuery, subject, typed, within } from './requests';
import { ResourceRef, resourcePath } from './resources';
import { Transport, TransportOptions, TransportReply } from './transport';
import { KubeList, KubeObject, Status, WatchEvent } from './types';

export interface KubeClientOptions extends TransportOptions {
  /** @default home-load-balancer */
  readonly userAgent?: string;
  /** Longest wait for an answer, in milliseconds. A server may answer PINGs while its handlers hang. @default 30000 */
  readonly requestTimeoutMs?: number;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly subject: RequestSubject;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

const PATCH_TYPES = { merge: 'application/merge-patch+json', json: 'application/json-patch+json', strategic: 'application/strategic-merge-patch+json' };
const MAX_ATTEMPTS = 5;
/** A server that asks for more patience than this gets the error to its caller, which has a back-off of its own. */
const MAX_RETRY_AFTER_MS = 30_000;

/**
 * Kubernetes API client: typed calls and watches, any number at a time, over one HTTP/2 connection.
 *
 * Every failure is a {@link KubeError}. A refused token is read again and the call repeated once; 429 and 503 with `Retry-After` are waited out.
 */
export class KubeClient {
  readonly config: ClusterConfig;
  private readonly transport: Transport;
  private readonly clock: Clock;
  private readonly log: KubeLog;
  private readonly userAgent: string;
  private readonly requestTimeoutMs: number;
  private readonly mayWrite?: () => boolean;

  constructor(config: ClusterConfig, options: KubeClientOptions = {}) {
    this.config = config;
    this.transport = new Transport(config, options);
    this.clock = options.clock ?? systemClock;
    this.log = options.log ?? silentLog;
    this.userAgent = options.userAgent ?? 'home-load-balancer';
    this.requestTimeoutMs = options.requestTimeoutMs ?? 30_000;
  }

  async get<T extends KubeObject>(resource: ResourceRef, name: string, options: ObjectOptions = {}): Promise<T> {
    return await this.call({ method: 'GET', path: path(resource, name, options), subject: subject('get', resource, name, options), signal: options.signal }) as T;
  }

  /** All objects, whatever number of pages that takes. */
  async list<T extends KubeObject>(resource: ResourceRef, options: ListOptions = {}): Promise<KubeList<T>> {
    const items: T[] = [];
    let resourceVersion = '';
    for await (const page of this.listPages<T>(resource, options)) {
      items.push(...page.items);
      resourceVersion = page.resourceVersion;
    }
    return { items, resourceVersion };
  }

  /**
   * Page by page, so that a caller who keeps little of each object never holds all of them whole.
   *
   * @throws KubeError `Gone` when the list took so long that its point in history was compacted: start over
   */
  async *listPages<T extends KubeObject>(resource: ResourceRef, options: ListOptions = {}): AsyncGenerator<KubeList<T>, void, undefined> {
    let token: string | undefined;
    do {
      const query = selectionQuery(options);
      query.set('limit', String(options.limit ?? 500));
      if (token) query.set('continue', token);
      else if (options.resourceVersion !== undefined) query.set('resourceVersion', options.resourceVersion);
      const page = await this.call({
        method: 'GET',
        path: `${resourcePath(resource, options.namespace)}?${query}`,
        subject: { verb: 'list', resource, namespace: options.namespace },
        signal: options.signal,
      }) as { items?: T[]; metadata?: { continue?: string; resourceVersion?: string } };
      token = page.metadata?.continue;
      yield { items: page.items ?? [], resourceVersion: page.metadata?.resourceVersion ?? '' };
    } while (token);
  }

  /**
   * What happens after `resourceVersion`, as it happens. Ends when the server's timeout has passed.
   *
   * @throws KubeError - `Gone` if that point in history is compacted, whether the server says so by status or by an ERROR event
   */
  async *watch<T extends KubeObject>(resource: ResourceRef, options: WatchOptions): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const query = selectionQuery(options);
    query.set('watch', 'true');
    query.set('allowWatchBookmarks', 'true');
    query.set('resourceVersion', options.resourceVersion);
    query.set('timeoutSeconds', String(options.timeoutSeconds));
    const about = { verb: 'watch', resource, namespace: options.namespace };
    const guard = new AbortController();
    const stop = () => guard.abort();
    options.signal?.addEventListener('abort', stop, { once: true });
    if (options.signal?.aborted) stop();
    // The server should end the watch itself; should it forget, a stream that says nothing must not be believed for ever.
    const cancel = this.clock.schedule(stop, (options.timeoutSeconds + 30) * 1000);
    try {
      const reply = await this.request({ method: 'GET', path: `${resourcePath(resource, options.namespace)}?${query}`, subject: about, signal: guard.signal });
      options.onOpen?.();
      const lines = new LineSplitter();
      for await (const chunk of reply.body()) {
        for (const line of lines.push(chunk)) yield this.watchEvent<T>(line, about);
      }
      if (lines.pending > 0) throw new KubeError('ConnectionLost', `watch ${resource.plural}: the stream ended in the middle of an event`);
    } catch (error) {
      if (!guard.signal.aborted || options.signal?.aborted) throw error;
      throw new KubeError('Timeout', `watch ${resource.plural}: the server did not end the watch after the ${options.timeoutSeconds} s that were asked for`, { cause: error });
    } finally {
      cancel();
      options.signal?.removeEventListener('abort', stop);
    }
  }

  /** Creates the object that `body` describes; the namespace is the body's unless `options` names one. */
  async create<T extends KubeObject>(resource: ResourceRef, body: object, options: WriteOptions = {}): Promise<T> {
    const where = within(body, options);
    return await this.call({
      method: 'POST',
      path: `${resourcePath(resource, where.namespace, undefined)}${managerQuery(options)}`,
      subject: subject('create', resource, (body as Partial<KubeObject>).metadata?.name, where),
      body: typed(resource, body),
      signal: options.signal,
    }) as T;
  }

  /** Replaces the object. With a `resourceVersion` in the body, only if nobody changed it meanwhile. @throws KubeError `Conflict` */
  async update<T extends KubeObject>(resource: ResourceRef, body: KubeObject, options: WriteOptions = {}): Promise<T> {
    const where = within(body, options);
    return await this.call({
      method: 'PUT',
      path: `${path(resource, body.metadata.name, where)}${managerQuery(options)}`,
      subject: subject('update', resource, body.metadata.name, where),
      body: typed(resource, body),
      signal: options.signal,
    }) as T;
  }

  async patch<T extends KubeObject>(resource: ResourceRef, name: string, patch: unknown, options: PatchOptions = {}): Promise<T> {
    return await this.call({
      method: 'PATCH',
      path: `${path(resource, name, options)}${managerQuery(options)}`,
      subject: subject('patch', resource, name, options),
      body: patch,
      contentType: PATCH_TYPES[options.type ?? 'merge'],
      signal: options.signal,
    }) as T;
  }

  /**
   * Changes the status of `object`, and labels and annotations with it, in one write to its `status` part.
   *
   * The write happens only if `object` is still what the server has (same uid and resourceVersion), so a decision made on stale data is never written.
   * Lists in `status` are replaced whole (RFC 7396).
   *
   * @throws KubeError `Conflict` if the object has changed, `NotFound` if it is gone
   */
  async patchStatus<T extends KubeObject>(
    resource: ResourceRef, object: KubeObject, patch: StatusPatch, options: { fieldManager?: string; signal?: AbortSignal } = {},
  ): Promise<T> {
    const { name, namespace, uid, resourceVersion } = object.metadata;
    return this.patch<T>(resource, name, { ...patch, metadata: { ...patch.metadata, uid, resourceVersion } }, { ...options, namespace, subresource: 'status' });
  }

  /** Server-side apply: makes the fields in `body` so, and owns them as `fieldManager`; fields it owned and no longer names are removed. */
  async apply<T extends KubeObject>(resource: ResourceRef, body: KubeObject, options: ApplyOptions): Promise<T> {
    const where = within(body, options);
    const query = new URLSearchParams({ fieldManager: options.fieldManager, force: String(options.force ?? false) });
    return await this.call({
      method: 'PATCH',
      path: `${path(resource, body.metadata.name, where)}?${query}`,
      subject: subject('patch', resource, body.metadata.name, where),
      body: typed(resource, body),
      contentType: 'application/apply-patch+yaml', // JSON is YAML; servers older than 1.34 know no other name
      signal: options.signal,
    }) as T;
  }

  /** @throws KubeError `NotFound` if there is no such object, `Conflict` if a precondition does not hold */
  async delete(resource: ResourceRef, name: string, options: DeleteOptions = {}): Promise<void> {
    const { preconditions, propagationPolicy } = options;
    await this.call({
      method: 'DELETE',
      path: path(resource, name, options),
      subject: subject('delete', resource, name, options),
      body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions, propagationPolicy },
      signal: options.signal,
    });
  }

  /** Version of the API server: the cheapest proof that it answers and accepts us. */
  async version(signal?: AbortSignal): Promise<{ major: string; minor: string; gitVersion: string }> {
    return await this.call({ method: 'GET', path: '/version', subject: { verb: 'get /version' }, signal }) as { major: string; minor: string; gitVersion: string };
  }

  /**
   * A client over the same connection for somebody whose right to write ends with a lease. `mayWrite` is asked in the turn of the loop in which a write is
   * handed to the connection, and again for each repetition; when it says no, the call fails with `Fenced`. Reads are not affected.
   */
  fenced(mayWrite: () => boolean): KubeClient {
    return Object.create(this, { mayWrite: { value: mayWrite } }) as KubeClient;
  }

  /** Ends the connection, and what waits in it to be sent never is. Calls and watches under way fail with `ConnectionLost`, later ones connect anew. */
  reset(reason: string): void {
    this.transport.reset(reason);
  }

  /** Ends the connection. Calls and watches under way, and later ones, fail with `Closed`. */
  close(): void {
    this.transport.close();
  }

  private watchEvent<T>(line: string, about: RequestSubject): WatchEvent<T> {
    const event = parseJson(line, about) as { type: string; object: unknown };
    if (event.type !== 'ERROR') return event as WatchEvent<T>;
    const status = event.object as Status;
    throw statusError(status.code ?? 500, status, about, this.config.source, retryAfter(status));
  }

  private async call(call: Call): Promise<unknown> {
    const reply = await this.request(call);
    return parseJson(await text(reply), call.subject);
  }

  private checkFence(about: RequestSubject): void {
    if (this.mayWrite && !this.mayWrite()) throw new KubeError('Fenced', `${describe(about)}: not sent, as somebody else may have the right to write by now`);
  }

  /** Sends, and repeats where the server asks for it, until there is an answer with a status below 400. */
  private async request(call: Call): Promise<TransportReply> {
    let refreshed = false;
    for (let attempt = 1; ; attempt += 1) {
      const token = this.config.token?.current();
      const reply = await this.transport.send({
        method: call.method,
        path: call.path,
        headers: {
          'accept': 'application/json',
          'user-agent': this.userAgent,
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
        },
        body: call.body === undefined ? undefined : toJson(call.body),
        signal: call.signal,
        beforeSend: call.method === 'GET' ? undefined : () => this.checkFence(call.subject),
        headersTimeoutMs: this.requestTimeoutMs,
      });
      if (reply.status < 400) return reply;
      const error = failure(reply, await text(reply), call.subject, this.config.source);
      if (error.code === 'Unauthorized' && token && !refreshed && this.config.token!.refresh(token)) {
        refreshed = true;
        continue;
      }
      if (error.retryAfterMs === undefined || error.retryAfterMs > MAX_RETRY_AFTER_MS || attempt >= MAX_ATTEMPTS) throw error;
      this.log.debug({ error: error.message, retryInMs: error.retryAfterMs }, 'the API server asks to try again later');
      await pause(this.clock, error.retryAfterMs, call.signal);
    }
  }
}
